#pragma once

#include "protocol/http/async.hpp"
#include "protocol/http/headers.hpp"
#include "config/error.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace kp::http {

// Shown in the TLS handshake and verified there; never taken from a header field.
struct client_certificate {
  std::string sha256;   // of its DER, lower-case hex
  std::string subject;  // RFC 2253, with everything but ASCII escaped, as openssl prints it
};

struct request_head {
  std::string method;
  std::string target;                              // as sent
  std::string path;                                // percent-decoded, without query; "." and ".." refused (400)
  std::string query;                               // after '?', not decoded
  http::headers headers;
  std::string remote_address;
  std::optional<std::uint64_t> content_length;     // absent for chunked bodies
  bool keep_alive = true;
  std::shared_ptr<const client_certificate> client;  // null: none
};

// The body of the request being handled.
class request_body {
 public:
  virtual ~request_body() = default;
  // The next piece, at most 256 KiB; empty at the end. The view lives until the next call. Errors:
  // http_errc::cut, timeout.
  virtual awaitable<result<std::string_view>> next() = 0;
  // Whether the client has closed the connection, or its half of it: nobody is going to read the
  // answer. Asks the system; for work that waits long.
  virtual bool peer_gone() { return false; }
};

// Everything at once; http_errc::too_large beyond `limit`.
awaitable<result<std::string>> read_all(request_body& body, std::size_t limit);

// A body that is made while it is sent.
class response_body {
 public:
  virtual ~response_body() = default;
  // The next piece; empty at the end. An error cuts the connection, so that the client notices.
  virtual awaitable<result<std::string_view>> next() = 0;
};

struct server_response {
  unsigned status = 200;
  http::headers headers;                           // Content-Length, Date and Connection are the server's
  std::string body;
  std::shared_ptr<response_body> stream;           // instead of body: chunked transfer encoding
};

struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                          // 0: any free one
  std::string certificate_file, key_file;          // PEM; empty: plain HTTP
  // PEM; read anew when they change. With client_ca_file clients are asked for a certificate.
  std::string client_ca_file;
  std::chrono::milliseconds certificate_check{2'000};
  std::size_t max_connections = 4096;              // further ones are closed at once
  std::size_t max_connections_per_address = 4096;  // likewise
  std::size_t max_header_bytes = 32 * 1024;        // 431 beyond
  std::size_t max_header_fields = 100;             // 431 beyond
  std::size_t max_target_bytes = 8 * 1024;         // 414 beyond
  std::chrono::seconds header_deadline{20};        // from connect or the last answer's end, first byte on
  std::chrono::seconds idle{75};
  std::chrono::seconds body_stall{30};             // without a byte
  // Bodies move this fast on average, in both directions, after the time of grace (408, or cut).
  std::uint64_t slowest_bytes_per_second = 1024;
  std::chrono::milliseconds slow_grace{30'000};
  http::headers headers_on_every_answer;           // an answer's own value counts instead; an empty one: none
  bool reuse_address = true;
};

using handler = std::function<awaitable<server_response>(const request_head&, request_body&)>;

// HTTP/1.1 on the network thread. Framing errors are answered 400 here and never reach the handler
// (both Content-Length and Transfer-Encoding, lying lengths, bad chunks). What the handler left
// unread of a body is read away up to 1 MiB, else the connection is closed. `Expect: 100-continue` is
// answered when the handler first asks for the body. Plain HTTP on a TLS port is answered 400 in the
// clear.
class server {
 public:
  static result<std::unique_ptr<server>> listen(asio::io_context& network, server_options, handler);
  virtual ~server() = default;
  virtual std::uint16_t port() const = 0;
  // Stops accepting, lets requests in progress finish until `deadline`, then cuts them.
  virtual awaitable<void> stop(std::chrono::milliseconds deadline) = 0;
};

}  // namespace kp::http
