#include "tools/load/receiver.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace kp::load {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {
constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);
}

receiver::receiver()
    : acceptor_(network_, {asio::ip::address_v4::loopback(), 0}),
      port_(acceptor_.local_endpoint().port()) {
  asio::co_spawn(network_, accept(), asio::detached);
  thread_ = std::jthread([this] { network_.run(); });
}

receiver::~receiver() {
  network_.stop();
}

asio::awaitable<void> receiver::accept() {
  for (;;) {
    auto [failed, socket] = co_await acceptor_.async_accept(as_tuple);
    if (failed) co_return;
    asio::co_spawn(network_, serve(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> receiver::serve(asio::ip::tcp::socket socket) {
  socket.set_option(asio::ip::tcp::no_delay(true));
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  for (;;) {
    http::request<http::string_body> request;
    const auto [no_request, read] = co_await http::async_read(stream, buffer, request, as_tuple);
    if (no_request) co_return;
    ++taken_;
    http::response<http::empty_body> answer(http::status::ok, request.version());
    answer.keep_alive(request.keep_alive());
    answer.content_length(0);
    const auto [not_sent, sent] = co_await http::async_write(stream, answer, as_tuple);
    if (not_sent || !request.keep_alive()) co_return;
  }
}

}  // namespace kp::load
