#pragma once

#include "config/error.hpp"
#include "protocol/http/connection.hpp"
#include "protocol/http/url.hpp"

#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace kp::http {

// How connections to the outside are made.
struct dialer {
  asio::io_context& network;
  std::shared_ptr<watchdog> guard;
  asio::ssl::context tls;  // trusted roots, TLS 1.2 or newer
  std::optional<url_parts> proxy;
  std::function<bool(const asio::ip::address&)> may_connect;  // client_options
};

// Makes `tls` trust `ca_file` (PEM; empty: the system's roots), ask for certificates and speak
// TLS 1.2 or newer. Errors: http_errc::tls.
result<void> trust(asio::ssl::context& tls, const std::string& ca_file);

// Looks the name up, connects (to the proxy, if there is one) and makes TLS. `each` bounds each of
// the steps, `latest` all of them. Errors: http_errc::resolve, connect, tls, timeout, forbidden;
// none of them can mean that a request was sent.
awaitable<result<std::unique_ptr<connection>>> dial(dialer& by, const url_parts& to,
                                                    std::chrono::milliseconds each,
                                                    watchdog::time latest);

}  // namespace kp::http
