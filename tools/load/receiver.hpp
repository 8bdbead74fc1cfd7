#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <cstdint>
#include <thread>

namespace kp::load {

// An HTTP server that answers everything with 200 and counts, in a thread of its own, on a free
// port of 127.0.0.1.
class receiver {
 public:
  receiver();
  ~receiver();
  receiver(const receiver&) = delete;
  receiver& operator=(const receiver&) = delete;

  std::uint16_t port() const { return port_; }
  std::uint64_t taken() const { return taken_; }

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket);

  boost::asio::io_context network_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::atomic<std::uint64_t> taken_{0};
  std::jthread thread_;
};

}  // namespace kp::load
