#include "protocol/http/session.hpp"

#include "protocol/http/http_error.hpp"

#include <boost/beast/http/error.hpp>

#include <poll.h>

#include <algorithm>

// The side of a session that reads the body of a request.

namespace kp::http {

namespace bhttp = boost::beast::http;

namespace {

constexpr std::size_t body_piece = 256 * 1024;
// Handing out less than this, while more is coming, costs the handler more than it gains.
constexpr std::size_t small_piece = 64 * 1024;
// What chunked coding may add beyond doubling the content.
constexpr std::uint64_t max_chunk_overhead = 64 * 1024;

}  // namespace

void session::begin_body_read() {
  connection_.limit(
      std::min<std::chrono::milliseconds>(server_->options.body_stall, reading_.left()));
  read_began_ = pace::clock::now();
}

void session::end_body_read(std::size_t count) {
  reading_.waited(pace::clock::now() - read_began_);
  reading_.moved(count);
}

bool session::body_is_read() const {
  return body_known_ ? body_left_ == 0 : parser_->is_done();
}

void session::reset_body() {
  connection_.buffer().consume(std::exchange(lent_, 0));
  body_buffer_.reset();
  body_failure_.reset();
}

std::unexpected<kp::error> session::fail_body(http_errc code, unsigned status,
                                              std::string_view reason) {
  if (status != 0) refusal_ = {status, reason};
  body_failure_ = transient(code, std::string(reason));
  return std::unexpected(*body_failure_);
}

awaitable<result<std::string_view>> session::next() {
  if (body_failure_) co_return std::unexpected(*body_failure_);
  if (body_is_read()) co_return std::string_view();
  if (owes_continue_) {
    owes_continue_ = false;
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    connection::buffers parts{asio::buffer(go_on), asio::const_buffer(), asio::const_buffer()};
    if (!co_await write(parts)) co_return fail_body(http_errc::cut, 0, "the connection was cut");
  }
  if (!body_buffer_ && !(body_known_ && body_left_ <= connection_.buffer().size()))
    body_buffer_ = std::make_unique_for_overwrite<char[]>(body_piece);
  if (body_known_) co_return co_await next_of_known_length();
  co_return co_await next_chunk();
}

awaitable<result<std::string_view>> session::next_of_known_length() {
  auto& buffer = connection_.buffer();
  buffer.consume(std::exchange(lent_, 0));
  if (buffer.size() > 0) {
    lent_ = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), body_left_));
    body_left_ -= lent_;
    co_return std::string_view(static_cast<const char*>(buffer.data().data()), lent_);
  }
  std::size_t filled = 0;
  while (filled < small_piece && body_left_ > 0) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(body_piece - filled, body_left_));
    begin_body_read();
    const auto [failed, count] =
        co_await connection_.read_some(asio::buffer(body_buffer_.get() + filled, wanted));
    end_body_read(count);
    if (failed && connection_.timed_out())
      co_return fail_body(http_errc::timeout, 408, "the body does not arrive, or too slowly");
    if (failed) co_return fail_body(http_errc::cut, 0, "the connection ended inside the body");
    filled += count;
    body_left_ -= count;
  }
  co_return std::string_view(body_buffer_.get(), filled);
}

awaitable<result<std::string_view>> session::next_chunk() {
  auto& buffer = connection_.buffer();
  auto& body = parser_->get().body();
  body.data = body_buffer_.get();
  body.size = body_piece;
  for (;;) {
    std::size_t used = 0;
    if (buffer.size() > 0) {
      boost::system::error_code failed;
      used = parser_->put(buffer.data(), failed);
      buffer.consume(used);
      if (failed && failed != bhttp::error::need_more && failed != bhttp::error::need_buffer)
        co_return fail_body(http_errc::cut, 400, "the body is not well-formed chunked coding");
    }
    const auto filled = body_piece - body.size;
    chunked_bytes_ += used;
    // Sizes, extensions and trailers cost us as much as content does and bring nothing.
    if (chunked_bytes_ > 2 * (chunked_content_ + filled) + max_chunk_overhead)
      co_return fail_body(http_errc::cut, 400, "the chunks have more framing than content");
    if (parser_->is_done() || body.size == 0 || filled >= small_piece) {
      chunked_content_ += filled;
      co_return std::string_view(body_buffer_.get(), filled);
    }
    if (used > 0 && buffer.size() > 0) continue;
    const auto room = connection_.room();
    if (room.size() == 0)
      co_return fail_body(http_errc::cut, 400, "the body is not well-formed chunked coding");
    begin_body_read();
    const auto [failed, count] = co_await connection_.read_some(room);
    end_body_read(count);
    if (failed && connection_.timed_out())
      co_return fail_body(http_errc::timeout, 408, "the body does not arrive, or too slowly");
    if (failed) co_return fail_body(http_errc::cut, 0, "the connection ended inside the body");
    buffer.commit(count);
  }
}

// Reads away what the handler left. False when that is too much or fails.
awaitable<bool> session::drain() {
  std::uint64_t total = 0;
  while (!body_is_read()) {
    const auto piece = co_await next();
    if (!piece) co_return false;
    total += piece->size();
    if (total > max_unread_body) co_return false;
  }
  co_return true;
}

awaitable<result<std::string>> read_all(request_body& body, std::size_t limit) {
  std::string all;
  for (;;) {
    KP_CO_TRY(const auto piece, co_await body.next());
    if (piece.empty()) co_return all;
    if (all.size() + piece.size() > limit)
      co_return permanent(http_errc::too_large,
                          "the body is larger than " + std::to_string(limit) + " bytes");
    all.append(piece);
  }
}

// A poll sees the end also behind bytes that nobody has read, as those that end TLS are.
bool session::peer_gone() {
  pollfd looked{connection_.socket().native_handle(), POLLRDHUP, 0};
  constexpr int ended = POLLRDHUP | POLLHUP | POLLERR | POLLNVAL;
  return ::poll(&looked, 1, 0) > 0 && (looked.revents & ended) != 0;
}

}  // namespace kp::http
