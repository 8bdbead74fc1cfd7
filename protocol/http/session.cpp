#include "protocol/http/session.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/target.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <algorithm>
#include <iterator>

namespace kp::http {

namespace bhttp = boost::beast::http;

namespace {

constexpr std::size_t small_body = 16 * 1024;  // sent in one piece with its head
constexpr std::chrono::milliseconds linger_time{2'000};
constexpr std::chrono::seconds between_full{10};  // of the line in the log that says so

bool is_set_by_server(std::string_view name) {
  return equals_ignoring_case(name, "Content-Length") || equals_ignoring_case(name, "Connection") ||
         equals_ignoring_case(name, "Date") || equals_ignoring_case(name, "Transfer-Encoding");
}

bool has_no_body(unsigned status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

const std::string& server_state::date() {
  const auto now = std::time(nullptr);
  if (now != date_of_) {
    date_of_ = now;
    date_ = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
  }
  return date_;
}

bool server_state::has_room(const asio::ip::tcp::socket& from) {
  connection::error failed;
  const auto peer = from.remote_endpoint(failed);
  if (failed) return false;
  const auto address = peer.address().to_string();
  const auto mine = connections_of.find(address);
  const bool room =
      sessions.size() < options.max_connections &&
      (mine == connections_of.end() || mine->second < options.max_connections_per_address);
  const auto now = std::chrono::steady_clock::now();
  if (!room && now - full_said_ >= between_full) {
    full_said_ = now;
    log(log_level::warning, "a connection is closed at once, because there are too many",
        {{"address", address}, {"connections", std::to_string(sessions.size())}});
  }
  return room;
}

session::session(std::shared_ptr<server_state> server, asio::ip::tcp::socket socket)
    : server_(std::move(server)),
      connection_(std::move(socket), server_->guard,
                  std::max(connection::read_ahead, server_->options.max_header_bytes + 4096)),
      reading_(server_->options.slow_grace, server_->options.slowest_bytes_per_second),
      writing_(reading_) {
  connection::error failed;
  const auto peer = connection_.socket().remote_endpoint(failed);
  if (!failed) remote_address_ = peer.address().to_string();
  server_->sessions.insert(this);
  ++server_->connections_of[remote_address_];
}

session::~session() {
  server_->sessions.erase(this);
  const auto mine = server_->connections_of.find(remote_address_);
  if (--mine->second == 0) server_->connections_of.erase(mine);
}

awaitable<void> session::serve() {
  const bool started = co_await start();
  if (!started) co_return;
  for (bool more = true; more; first_request_ = false) more = co_await serve_one();
  if (connection_.secure()) {
    connection_.limit(linger_time);
    co_await connection_.end_tls();
  }
  if (owes_reading_) co_await linger();
}

awaitable<bool> session::start() {
  if (!server_->tls) co_return true;
  tls_ = server_->tls->context();
  auto* const tls = connection_.use_tls(*tls_);
  connection_.limit(server_->options.header_deadline);
  const auto [failed] = co_await connection_.handshake(asio::ssl::stream_base::server);
  if (failed && failed.category() == asio::error::get_ssl_category() &&
      ERR_GET_REASON(static_cast<unsigned long>(failed.value())) == SSL_R_HTTP_REQUEST)
    co_await answer_plain_http();
  if (failed) co_return false;
  client_ = shown_certificate(tls);
  co_return true;
}

// Whoever speaks plain HTTP here could not read an answer in TLS.
awaitable<void> session::answer_plain_http() {
  constexpr std::string_view answer =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n"
      "Connection: close\r\n\r\nthis port speaks TLS only\n";
  connection_.limit(linger_time);
  const auto [failed, count] = co_await connection_.socket().async_write_some(
      asio::buffer(answer), asio::as_tuple(asio::use_awaitable));
  if (!failed && count == answer.size()) co_await linger();
}

// True when the connection may carry another request.
awaitable<bool> session::serve_one() {
  switch (co_await read_head()) {
    case read_outcome::gone:
      co_return false;
    case read_outcome::refuse:
      co_await send_refusal();
      co_return false;
    case read_outcome::request:
      break;
  }
  connection_.unlimited();
  const auto response = co_await answer();
  if (refusal_.status != 0) {
    co_await send_refusal();
    co_return false;
  }
  if (body_failure_) co_return false;
  owes_reading_ = !body_is_read();
  const bool body_in_reach = !owes_continue_ && (!body_known_ || body_left_ <= max_unread_body);
  const bool keep = head_.keep_alive && !server_->stopping && (!owes_reading_ || body_in_reach);
  const bool delivered = co_await send(response, keep);
  if (!delivered || !keep) co_return false;
  if (owes_reading_) {
    const bool drained = co_await drain();
    if (!drained) co_return false;
    owes_reading_ = false;
  }
  reset_body();
  co_return true;
}

awaitable<server_response> session::answer() {
  // A handler reports what goes wrong as a response; an exception is a mistake of ours.
  server_response response;
  try {
    response = co_await server_->handle(head_, *this);
  } catch (const std::exception& e) {
    log(log_level::error, "a handler threw", {{"path", head_.path}, {"reason", e.what()}});
    response = server_response{500, {}, "", nullptr};
  }
  co_return response;
}

session::read_outcome session::refuse(unsigned status, std::string_view reason) {
  refusal_ = {status, reason};
  return read_outcome::refuse;
}

session::read_outcome session::refuse(const boost::system::error_code& why) {
  if (why == bhttp::error::header_limit || why == bhttp::error::buffer_overflow)
    return refuse(431, "the header is too large");
  if (why == bhttp::error::bad_version) return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken");
  return refuse(400, "the request is not well-formed HTTP/1.1");
}

awaitable<session::read_outcome> session::read_head() {
  refusal_ = {0, {}};
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(server_->options.max_header_bytes));
  parser_->body_limit(boost::none);
  auto& buffer = connection_.buffer();
  if (buffer.size() == 0 && !first_request_)
    connection_.limit(server_->options.idle);
  else
    connection_.limit(server_->options.header_deadline);
  bool in_header = buffer.size() > 0;
  bool fresh = in_header;
  for (;;) {
    if (fresh) {
      boost::system::error_code failed;
      buffer.consume(parser_->put(buffer.data(), failed));
      if (parser_->is_header_done()) co_return take_head();
      if (failed && failed != bhttp::error::need_more) co_return refuse(failed);
    }
    const auto room = connection_.room();
    if (room.size() == 0) co_return refuse(431, "the header is too large");
    waits_for_request_ = !in_header;
    if (waits_for_request_ && server_->stopping) co_return read_outcome::gone;
    const auto [failed, count] = co_await connection_.read_some(room);
    waits_for_request_ = false;
    if (failed) {
      if (in_header && connection_.timed_out())
        co_return refuse(408, "the header did not arrive in time");
      co_return read_outcome::gone;
    }
    buffer.commit(count);
    fresh = true;
    if (!in_header && !first_request_) connection_.limit(server_->options.header_deadline);
    in_header = true;
  }
}

session::read_outcome session::take_head() {
  auto& message = parser_->get();
  http_1_0_ = message.version() == 10;
  if (!http_1_0_ && message.version() != 11)
    return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken");
  if (message.target().size() > server_->options.max_target_bytes)
    return refuse(414, "the request target is too long");
  const auto fields = std::distance(message.begin(), message.end());
  if (static_cast<std::size_t>(fields) > server_->options.max_header_fields)
    return refuse(431, "the header has too many fields");
  if (message.count(bhttp::field::host) > 1) return refuse(400, "more than one Host");
  if (!http_1_0_ && message.count(bhttp::field::host) == 0) return refuse(400, "Host is missing");
  if (const auto coding = message.find(bhttp::field::transfer_encoding); coding != message.end()) {
    // A coding that we and a proxy before us could read differently smuggles requests.
    const std::string_view value(coding->value().data(), coding->value().size());
    if (http_1_0_ || !parser_->chunked() || !equals_ignoring_case(trim(value), "chunked"))
      return refuse(400, "Transfer-Encoding can only be chunked");
  }
  const std::string_view target(message.target().data(), message.target().size());
  auto parsed = parse_target(target);
  if (!parsed) return refuse(400, "the request target is not acceptable");

  head_.method = message.method_string();
  head_.target = target;
  head_.path = std::move(parsed->path);
  head_.query = std::move(parsed->query);
  head_.headers = {};
  for (const auto& field : message)
    head_.headers.add(std::string(field.name_string()), std::string(field.value()));
  head_.remote_address = remote_address_;
  head_.client = client_;
  head_.keep_alive = parser_->keep_alive();

  body_known_ = !parser_->chunked();
  body_left_ = 0;
  chunked_bytes_ = chunked_content_ = 0;
  reading_ = pace(server_->options.slow_grace, server_->options.slowest_bytes_per_second);
  head_.content_length.reset();
  if (body_known_) {
    if (const auto length = parser_->content_length()) body_left_ = *length;
    head_.content_length = body_left_;
  }
  owes_continue_ = false;
  if (const auto expect = message.find(bhttp::field::expect); expect != message.end()) {
    if (!boost::beast::iequals(expect->value(), "100-continue"))
      return refuse(417, "only 100-continue can be expected");
    owes_continue_ = !http_1_0_ && !body_is_read() && connection_.buffer().size() == 0;
  }
  return read_outcome::request;
}

// Writes status line and header fields to out_, without Connection and what describes the body.
// False when a field of the handler's could end its line.
bool session::begin_answer(const server_response& response) {
  out_.clear();
  const auto reason = bhttp::obsolete_reason(static_cast<bhttp::status>(response.status));
  fmt::format_to(std::back_inserter(out_), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                 std::string_view(reason.data(), reason.size()), server_->date());
  for (const auto& [name, line] : server_->common_headers)
    if (!response.headers.find(name)) out_ += line;
  for (const auto& [name, value] : response.headers.fields()) {
    if (is_set_by_server(name) || value.empty()) continue;
    if (!is_field_name(name) || !is_field_value(value)) return false;
    out_.append(name).append(": ").append(value).append("\r\n");
  }
  return true;
}

awaitable<bool> session::send(const server_response& response, bool keep_alive) {
  if (!begin_answer(response)) {
    log(log_level::error, "an answer has a header field that is not one", {{"path", head_.path}});
    const server_response mistake{500, {}, "", nullptr};
    co_return co_await send(mistake, false);
  }
  const bool bare = has_no_body(response.status);
  const bool chunked = response.stream && !http_1_0_;
  if (response.stream && http_1_0_) keep_alive = false;
  if (!keep_alive)
    out_ += "Connection: close\r\n";
  else if (http_1_0_)
    out_ += "Connection: keep-alive\r\n";
  if (chunked && !bare)
    out_ += "Transfer-Encoding: chunked\r\n";
  else if (!response.stream && !bare)
    fmt::format_to(std::back_inserter(out_), "Content-Length: {}\r\n", response.body.size());
  out_ += "\r\n";

  writing_ = pace(server_->options.slow_grace, server_->options.slowest_bytes_per_second);
  const bool without_body = bare || head_.method == "HEAD";
  if (response.stream && !without_body) {
    const bool complete = co_await send_stream(*response.stream, chunked);
    co_return complete&& keep_alive;
  }
  asio::const_buffer body;
  if (!without_body && response.body.size() <= small_body)
    out_ += response.body;
  else if (!without_body)
    body = asio::buffer(response.body);
  connection::buffers parts{asio::buffer(out_), body, asio::const_buffer()};
  co_return co_await write(parts);
}

awaitable<bool> session::send_stream(response_body& body, bool chunked) {
  constexpr std::string_view line_end = "\r\n";
  for (;;) {
    connection_.unlimited();
    auto piece = co_await body.next();
    if (!piece) {
      // Without the last chunk the client sees that the body is not whole.
      log(log_level::warning, "an answer was cut",
          {{"path", head_.path}, {"reason", piece.error().message}});
      cut();
      co_return false;
    }
    const bool last = piece->empty();
    if (chunked) fmt::format_to(std::back_inserter(out_), "{:x}\r\n", piece->size());
    connection::buffers parts{asio::buffer(out_), asio::buffer(piece->data(), piece->size()),
                              chunked ? asio::buffer(line_end) : asio::const_buffer()};
    if (!co_await write(parts)) co_return false;
    out_.clear();
    if (last) co_return true;
  }
}

awaitable<bool> session::write(connection::buffers parts) {
  while (asio::buffer_size(parts) > 0) {
    connection_.limit(
        std::min<std::chrono::milliseconds>(server_->options.body_stall, writing_.left()));
    const auto began = pace::clock::now();
    const auto [failed, count] = co_await connection_.write_some(parts);
    if (failed) co_return false;
    writing_.waited(pace::clock::now() - began);
    writing_.moved(count);
    consume(parts, count);
  }
  co_return true;
}

awaitable<void> session::send_refusal() {
  owes_reading_ = true;
  server_response response{refusal_.status, {{"Content-Type", "text/plain"}}, "", nullptr};
  response.body = std::string(refusal_.reason) + "\n";
  co_await send(response, false);
}

// Lets the peer read our last answer: closing with unread bytes would reset the connection and take
// the answer with it.
awaitable<void> session::linger() {
  connection::error failed;
  connection_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, failed);
  if (failed) co_return;
  const auto latest = std::chrono::steady_clock::now() + linger_time;
  auto& buffer = connection_.buffer();
  for (;;) {
    buffer.consume(buffer.size());
    connection_.limit(linger_time, latest);
    const auto [ended, count] = co_await connection_.socket().async_read_some(
        connection_.room(), asio::as_tuple(asio::use_awaitable));
    if (ended || count == 0) co_return;
  }
}

}  // namespace kp::http
