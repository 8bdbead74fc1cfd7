#pragma once

#include "config/error_code.hpp"

namespace kp::http {

// Errors of protocol/http and of the clients built on it.
enum class http_errc {
  bad_url = 1,
  resolve = 2,          // name lookup failed
  connect = 3,          // refused or unreachable: the request was not sent
  tls = 4,              // handshake or certificate refused: the request was not sent
  timeout = 5,          // a deadline passed; the request may have been accepted
  cut = 6,              // the connection ended early; the request may have been accepted
  bad_answer = 7,       // not HTTP, or not the JSON it should be
  too_large = 8,        // a header, body or queue beyond its bound
  refused = 9,          // a 4xx that repeating does not cure
  unauthorized = 10,    // 401 or 403
  rate_limited = 11,    // 429; retry_after set
  unavailable = 12,     // 5xx
  cancelled = 13,       // the hub is stopping
  forbidden = 14,       // an address that may not be connected to: the request was not sent
};

inline const char* to_text(http_errc e) {
  switch (e) {
    case http_errc::bad_url: return "bad URL";
    case http_errc::resolve: return "name lookup failed";
    case http_errc::connect: return "connect failed";
    case http_errc::tls: return "TLS refused";
    case http_errc::timeout: return "timeout";
    case http_errc::cut: return "connection cut";
    case http_errc::bad_answer: return "bad answer";
    case http_errc::too_large: return "too large";
    case http_errc::refused: return "refused";
    case http_errc::unauthorized: return "unauthorized";
    case http_errc::rate_limited: return "rate limited";
    case http_errc::unavailable: return "unavailable";
    case http_errc::cancelled: return "cancelled";
    case http_errc::forbidden: return "forbidden";
  }
  return "unknown";
}

}  // namespace kp::http

KP_ERROR_ENUM(kp::http, http_errc, "http");
