#pragma once

#include "protocol/http/async.hpp"
#include "protocol/rsocket/frame.hpp"

#include <memory>
#include <string>

namespace kp::rsocket {

struct client_options {
  std::string host;
  std::string port;
  bool tls = false;
  std::string ca_file;  // PEM; empty: the system's roots
  setup terms;
  std::chrono::milliseconds connect_deadline{10'000};  // name lookup, TCP and TLS each
  std::chrono::milliseconds answer_deadline{30'000};
  std::chrono::milliseconds close_idle_after{300'000};  // without a request
};

// Requests over one connection, which is made when it is needed and again after it has ended. It is
// kept alive, and given up when nothing comes for the lifetime that was announced. Lives on the
// network thread; requests may be made at the same time.
class client {
 public:
  // Errors: http_errc::tls when the trusted certificates cannot be read.
  static result<std::unique_ptr<client>> make(http::asio::io_context& network, client_options);
  virtual ~client() = default;

  // REQUEST_RESPONSE; returns when it has been answered, whatever the answer holds. Errors: those
  // of http::dial (nothing was sent); rsocket_errc.
  virtual http::awaitable<result<void>> request(std::string metadata, std::string data) = 0;
  // REQUEST_FNF; returns when it has been handed to the network. Nobody says what became of it.
  virtual http::awaitable<result<void>> fire(std::string metadata, std::string data) = 0;
};

}  // namespace kp::rsocket
