#pragma once

#include "protocol/http/async.hpp"
#include "protocol/http/client.hpp"
#include "protocol/status_service/outcome.hpp"

#include <memory>
#include <string>

namespace kp::rsocket {
class client;
}

namespace kp::status_service {

// A way to the status service. Lives on the network thread.
class wire {
 public:
  virtual ~wire() = default;
  // Delivers one document, at least once: what may have arrived without an answer is sent again,
  // which the service takes for the same (status-service.md 4.2). Within its deadlines.
  virtual http::awaitable<outcome> deliver(std::string document, std::string token) = 0;
};

// Over HTTP (4): POST to `url`.
std::unique_ptr<wire> make_http_wire(http::client& over, std::string url);

// Over RSocket (5): route log-fire. With `waits` each document is a request that is answered;
// without, it is fired and counts as taken once it is on its way, so that it may be lost.
std::unique_ptr<wire> make_rsocket_wire(std::unique_ptr<rsocket::client> over, bool waits);

struct wire_options {
  std::string url;  // http://, https://, rsocket://host:port or rsockets://host:port (TLS)
  bool waits_for_answers = true;  // over RSocket
  std::string ca_file;            // of rsockets://; PEM, empty: the system's
};
// The way that the URL asks for. Errors: http_errc::bad_url; those of rsocket::client::make.
result<std::unique_ptr<wire>> make_wire(http::asio::io_context& network, http::client& over,
                                        const wire_options&);

}  // namespace kp::status_service
