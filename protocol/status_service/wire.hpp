#pragma once

#include "protocol/http/async.hpp"
#include "protocol/http/client.hpp"
#include "protocol/status_service/outcome.hpp"

#include <memory>
#include <string>

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

}  // namespace kp::status_service
