#pragma once

#include "protocol/http/async.hpp"
#include "protocol/http/watchdog.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <array>
#include <optional>
#include <tuple>

namespace kp::http {

// One TCP connection, plain or TLS, with the bytes that were read ahead and one deadline for
// whatever it waits for. The functions that wait are no coroutines of their own: a frame per read
// would be felt.
class connection final : public watchdog::guarded {
 public:
  using socket_type = asio::ip::tcp::socket;
  using error = boost::system::error_code;
  using io_outcome = std::tuple<error, std::size_t>;
  using step_outcome = std::tuple<error>;
  using buffers = std::array<asio::const_buffer, 3>;

  // A read takes what fits; Beast reads 512 bytes at a time into a buffer that is not reserved.
  static constexpr std::size_t read_ahead = 64 * 1024;

  connection(socket_type socket, std::shared_ptr<watchdog> by,
             std::size_t buffer_bytes = read_ahead);

  socket_type& socket() { return socket_; }
  bool secure() const { return tls_.has_value(); }
  SSL* use_tls(asio::ssl::context& context);
  boost::beast::flat_buffer& buffer() { return buffer_; }
  // What can still be read ahead without growing; commit what came. Empty when the buffer is full.
  asio::mutable_buffer room() { return buffer_.prepare(buffer_.capacity() - buffer_.size()); }

  awaitable<step_outcome> handshake(asio::ssl::stream_base::handshake_type as);
  awaitable<step_outcome> end_tls();
  awaitable<io_outcome> read_some(asio::mutable_buffer to);
  awaitable<io_outcome> write_some(const buffers& from);

  // From now on waits end with timed_out() true when `span` has passed (cut at `latest`).
  void limit(std::chrono::milliseconds span, watchdog::time latest = watchdog::never);
  void unlimited() { set_deadline(watchdog::never); }
  bool timed_out() const { return timed_out_; }
  void close();

 private:
  void overdue() override;

  socket_type socket_;
  std::optional<asio::ssl::stream<socket_type&>> tls_;
  boost::beast::flat_buffer buffer_;
  bool timed_out_ = false;
};

// Drops the first `count` bytes of `from`.
void consume(connection::buffers& from, std::size_t count);

}  // namespace kp::http
