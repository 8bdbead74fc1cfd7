#pragma once

#include "protocol/http/http_error.hpp"
#include "protocol/http/server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>

#include <future>
#include <string>
#include <thread>

namespace kp::test {

using namespace std::chrono_literals;
namespace asio = boost::asio;

// The network thread of a test.
class network {
 public:
  network() : thread_([this] { context_.run(); }) {}
  ~network() {
    guard_.reset();
    context_.stop();
    thread_.join();
  }
  asio::io_context& context() { return context_; }

  // Runs a coroutine there and waits for its value.
  template <class T>
  T run(http::awaitable<T> coroutine) {
    return asio::co_spawn(context_, std::move(coroutine), asio::use_future).get();
  }
  // Runs a function there.
  template <class F>
  auto call(F function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto done = task.get_future();
    asio::post(context_, [&task] { task(); });
    return done.get();
  }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_{context_.get_executor()};
  std::thread thread_;
};

inline http::awaitable<void> sleep_for(std::chrono::milliseconds span) {
  asio::steady_timer timer(co_await asio::this_coro::executor, span);
  co_await timer.async_wait(asio::use_awaitable);
}

// A server whose handler a test gives.
class test_server {
 public:
  test_server(network& on, http::handler handle, http::server_options options = {})
      : network_(on), server_(on.call([&] {
          return std::move(*http::server::listen(on.context(), options, std::move(handle)));
        })) {}
  ~test_server() {
    network_.call([this] { server_.reset(); });
  }
  http::server& operator*() { return *server_; }
  std::uint16_t port() const { return server_->port(); }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port()) + path;
  }

 private:
  network& network_;
  std::unique_ptr<http::server> server_;
};

// A blocking socket that says exactly what a test wants said. Reads give up after five seconds.
class raw_peer {
 public:
  explicit raw_peer(std::uint16_t port) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    timeval patience{5, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  explicit raw_peer(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
    timeval patience{5, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void say(std::string_view text) {
    boost::system::error_code ignored;
    asio::write(socket_, asio::buffer(text), ignored);
  }
  // Whether something can be heard now.
  bool has_answer() {
    char one;
    return recv(socket_.native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }
  void say_no_more() { socket_.shutdown(asio::ip::tcp::socket::shutdown_send); }
  void reset() {
    socket_.set_option(asio::socket_base::linger(true, 0));
    socket_.close();
  }
  // Until the other side closes (or five seconds of silence: "<silence>" at the end).
  std::string hear_all() {
    std::string heard;
    while (hear_more(heard)) {
    }
    return heard;
  }
  // Until `end` has been heard.
  std::string hear_until(std::string_view end) {
    std::string heard;
    while (heard.find(end) == std::string::npos && hear_more(heard)) {
    }
    return heard;
  }

 private:
  bool hear_more(std::string& heard) {
    char piece[16384];
    const auto count = recv(socket_.native_handle(), piece, sizeof piece, 0);
    if (count > 0) heard.append(piece, static_cast<std::size_t>(count));
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) heard += "<silence>";
    return count > 0;
  }

  asio::io_context context_;
  asio::ip::tcp::socket socket_{context_};
};

}  // namespace kp::test
