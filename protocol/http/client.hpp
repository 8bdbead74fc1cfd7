#pragma once

#include "config/byte_io.hpp"
#include "protocol/http/async.hpp"
#include "protocol/http/headers.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace kp::http {

struct deadlines {
  std::chrono::milliseconds connect{5'000};      // name lookup, TCP and TLS each
  std::chrono::milliseconds read{30'000};        // without a byte arriving
  std::chrono::milliseconds write{30'000};       // without a byte leaving
  std::chrono::milliseconds total{120'000};      // the whole exchange; raise it for large bodies
};

struct request {
  std::string method = "GET";
  std::string url;                                // http:// or https://
  http::headers headers;
  std::string body;                               // or:
  std::shared_ptr<const random_access_source> body_source;  // streamed with Content-Length
  http::deadlines deadlines;
  std::size_t max_response_bytes = 4 * 1024 * 1024;
  // For who wants the status: a body that is longer, slow or broken is left where it is, and the
  // answer is what came.
  bool may_cut_response = false;
};

struct response {
  unsigned status = 0;
  http::headers headers;
  std::string body;
  // Seconds of Retry-After (delta or HTTP-date), when given.
  std::optional<std::chrono::seconds> retry_after() const;
};

struct client_options {
  std::string ca_file;                            // PEM; empty: the system's roots
  std::string proxy;                              // http://host:port, empty: none (CONNECT for https)
  std::string user_agent = "Knutepunkt";
  std::size_t max_connections_per_host = 32;      // more requests wait, within their total deadline
  std::chrono::seconds idle{30};                  // a pooled connection is closed after
  // Which addresses may be connected to; empty: all. Asked about the addresses that a name has when
  // a connection is made, so that no name can be turned to another one afterwards. Through a proxy
  // only addresses that stand in the URL are seen: there the proxy decides.
  std::function<bool(const asio::ip::address&)> may_connect;
};

// The one HTTP client of the hub: HTTP/1.1, keep-alive pool per scheme, host and port, TLS 1.2 or
// newer with certificate and host name verified. Lives on the network thread.
//
// Any answer, whatever its status, is a value. Errors are transport errors (http_errc); a pooled
// connection that turns out to be dead before a byte of the answer came is replaced once, for
// requests without effect (GET, HEAD) only.
class client {
 public:
  static result<std::unique_ptr<client>> make(asio::io_context& network, asio::thread_pool& workers,
                                              client_options options);
  virtual ~client() = default;
  virtual awaitable<result<response>> send(request) = 0;
  // As send, but the body of a 2xx answer goes to `sink` (on workers; finish() is called); other
  // answers have their body in the response. Fails with cut when fewer bytes came than announced.
  virtual awaitable<result<response>> download(request, std::shared_ptr<byte_sink> sink,
                                               std::uint64_t max_bytes) = 0;
};

// `refused`, `unauthorized`, `rate_limited` or `unavailable` for an answer that is not 2xx, with
// "<what>: HTTP <status>: <body, cut>" and Retry-After; secrets in the body are the caller's to avoid.
error to_error(std::string_view what, const response&);

}  // namespace kp::http
