#include "protocol/http/connection.hpp"

#include <boost/asio/ssl.hpp>

#include <algorithm>

namespace kp::http {

namespace {
constexpr auto token = asio::as_tuple(asio::use_awaitable);
}

connection::connection(socket_type socket, std::shared_ptr<watchdog> by, std::size_t buffer_bytes)
    : guarded(std::move(by)), socket_(std::move(socket)), buffer_(buffer_bytes) {
  buffer_.reserve(buffer_bytes);
}

SSL* connection::use_tls(asio::ssl::context& context) {
  tls_.emplace(socket_, context);
  return tls_->native_handle();
}

awaitable<connection::step_outcome> connection::handshake(
    asio::ssl::stream_base::handshake_type as) {
  return tls_->async_handshake(as, token);
}

awaitable<connection::step_outcome> connection::end_tls() {
  return tls_->async_shutdown(token);
}

awaitable<connection::io_outcome> connection::read_some(asio::mutable_buffer to) {
  if (tls_) return tls_->async_read_some(to, token);
  return socket_.async_read_some(to, token);
}

awaitable<connection::io_outcome> connection::write_some(const buffers& from) {
  if (tls_) return tls_->async_write_some(from, token);
  return socket_.async_write_some(from, token);
}

void connection::limit(std::chrono::milliseconds span, watchdog::time latest) {
  timed_out_ = false;
  set_deadline(std::min(std::chrono::steady_clock::now() + span, latest));
}

void connection::overdue() {
  timed_out_ = true;
  connection::error ignored;
  socket_.cancel(ignored);
}

void connection::close() {
  connection::error ignored;
  socket_.close(ignored);
}

void consume(connection::buffers& from, std::size_t count) {
  for (auto& each : from) {
    const auto part = std::min(count, each.size());
    each += part;
    count -= part;
  }
}

}  // namespace kp::http
