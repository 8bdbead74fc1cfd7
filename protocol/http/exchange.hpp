#pragma once

#include "protocol/http/client.hpp"
#include "protocol/http/connection.hpp"
#include "protocol/http/url.hpp"

#include <memory>

namespace kp::http {

// Where the body of a 2xx answer goes when it is downloaded; nowhere special without a sink.
struct download_target {
  std::shared_ptr<byte_sink> sink;
  std::uint64_t max_bytes = 0;
};

// One request and its answer on one connection.
struct exchange {
  asio::thread_pool& workers;
  const request& asked;
  const url_parts& to;
  std::string_view user_agent;
  bool absolute_form = false;  // to a proxy
  download_target target;
  watchdog::time latest;

  // Afterwards:
  bool answer_began = false;
  bool reusable = false;
};

// Errors: http_errc::bad_url (a method or field that is none), timeout, cut, bad_answer, too_large,
// and those of the body's source and sink.
result<std::string> request_head_text(const exchange& what);
awaitable<result<response>> perform(exchange& what, connection& on, const std::string& head);

}  // namespace kp::http
