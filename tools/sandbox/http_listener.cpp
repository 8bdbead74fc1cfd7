#include "tools/sandbox/http_listener.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include <exception>
#include <thread>

namespace kp::sandbox {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t read_buffer = 64 * 1024;
constexpr std::uint32_t max_header_bytes = 64 * 1024;
// After an answer that came before the end of the body: how much more is read so that the client
// sees the answer and no reset.
constexpr std::uint64_t max_drain = 2048ULL * 1024 * 1024;

request to_request(const http::request_parser<http::buffer_body>& parser, std::string remote) {
  const auto& message = parser.get();
  request out;
  out.method = std::string(message.method_string());
  const std::string_view target(message.target().data(), message.target().size());
  const auto question = target.find('?');
  out.path = percent_decode(target.substr(0, question), false);
  if (question != std::string_view::npos) out.query = std::string(target.substr(question + 1));
  for (const auto& field : message)
    out.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  if (const auto length = parser.content_length()) out.content_length = *length;
  out.remote_address = std::move(remote);
  return out;
}

// The services throw nothing on purpose; what a library throws is a 500, and said in the log.
template <class Call>
auto guarded(Call call) -> std::optional<decltype(call())> {
  try {
    return call();
  } catch (const std::exception& problem) {
    log(log_level::error, fmt::format("sandbox: {}", problem.what()));
    return {};
  }
}

response internal_error() {
  response out;
  out.status = 500;
  return out;
}

void reset(beast::tcp_stream& stream) {
  error_code ignored;
  stream.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  stream.socket().close(ignored);
}

// Sends all of `answer`, or half of its body with `half`. False when the connection is of no more
// use.
asio::awaitable<bool> send(beast::tcp_stream& stream, response answer, bool keep_alive,
                           bool head_only, bool half) {
  error_code ec;
  const bool bodiless = answer.status == 204 || answer.status == 304;
  const std::uint64_t size = bodiless ? 0 : answer.size();
  http::response<http::empty_body> head;
  head.version(11);
  head.result(answer.status);
  for (const auto& [name, value] : answer.headers) head.insert(name, value);
  if (!bodiless) head.content_length(size);
  head.keep_alive(keep_alive);
  stream.expires_after(io_deadline);
  co_await http::async_write(stream, head, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return false;
  if (head_only || size == 0) co_return keep_alive;
  const std::uint64_t wanted = half ? size / 2 : size;
  std::string piece;
  for (std::uint64_t sent = 0; sent < wanted;) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(stream_chunk, wanted - sent));
    if (answer.file) {
      piece.resize(count);
      auto got = answer.file->read_at(answer.offset + sent, std::span<char>(piece));
      if (!got || *got == 0) co_return false;
      piece.resize(*got);
    } else {
      piece.assign(answer.body, static_cast<std::size_t>(sent), count);
    }
    if (answer.corrupt && sent == 0) piece[0] = static_cast<char>(piece[0] ^ 0x01);
    stream.expires_after(io_deadline);
    co_await asio::async_write(stream, asio::buffer(piece),
                               asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return false;
    sent += piece.size();
  }
  co_return keep_alive && !half;
}

asio::awaitable<void> drain(beast::tcp_stream& stream, std::vector<char>& chunk) {
  error_code ec;
  stream.socket().shutdown(tcp::socket::shutdown_send, ec);
  for (std::uint64_t left = max_drain; left > 0 && !ec;) {
    stream.expires_after(std::chrono::seconds(5));
    const auto count = co_await stream.async_read_some(
        asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, ec));
    left -= std::min<std::uint64_t>(left, count);
  }
}

asio::awaitable<void> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(time);
  error_code ec;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

// One request and its answer. False when the connection ends.
asio::awaitable<bool> serve_one(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                std::vector<char>& chunk, const std::string& remote,
                                application& app) {
  error_code ec;
  http::request_parser<http::buffer_body> parser;
  parser.header_limit(max_header_bytes);
  parser.body_limit(boost::none);
  stream.expires_after(idle_deadline);
  co_await http::async_read_header(stream, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return false;
  auto head = to_request(parser, remote);
  const bool head_only = head.method == "HEAD";
  const bool keep_alive = parser.get().keep_alive();
  const bool waits = equals_ignoring_case(head.header("expect").value_or(""), "100-continue");
  auto begun = guarded([&] { return app.begin(std::move(head)); });
  if (!begun || !*begun) {
    auto failure = internal_error();
    co_await send(stream, std::move(failure), false, head_only, false);
    co_return false;
  }
  auto current = std::move(*begun);
  if (waits) {
    const std::string go = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(stream, asio::buffer(go),
                               asio::redirect_error(asio::use_awaitable, ec));
  }
  std::uint64_t received = 0;
  while (!parser.is_done()) {
    parser.get().body().data = chunk.data();
    parser.get().body().size = chunk.size();
    stream.expires_after(io_deadline);
    co_await http::async_read(stream, buffer, parser,
                              asio::redirect_error(asio::use_awaitable, ec));
    if (ec == http::error::need_buffer) ec = {};
    const std::size_t count = chunk.size() - parser.get().body().size;
    if (ec) {
      guarded([&] {
        current->aborted();
        return true;
      });
      co_return false;
    }
    received += count;
    if (const auto at = current->reset_after(); at && received >= *at) {
      guarded([&] {
        current->aborted();
        return true;
      });
      reset(stream);
      co_return false;
    }
    auto early = guarded([&] { return current->body(std::string_view(chunk.data(), count)); });
    if (!early) early.emplace(internal_error());
    if (*early) {
      auto refusal = std::move(**early);
      co_await send(stream, std::move(refusal), false, head_only, false);
      co_await drain(stream, chunk);
      co_return false;
    }
  }
  const auto wrong = guarded([&] { return current->prepare(); }).value_or(mishap{});
  if (wrong.delay.count() > 0) {
    stream.expires_never();
    co_await pause(wrong.delay);
  }
  if (wrong.cut == cut_kind::before) {
    guarded([&] {
      current->aborted();
      return true;
    });
    co_return false;
  }
  auto answer = guarded([&] { return current->finish(); }).value_or(internal_error());
  if (wrong.cut == cut_kind::after) co_return false;
  const bool half = wrong.cut == cut_kind::truncate || wrong.cut == cut_kind::reset_mid_body;
  const bool more = co_await send(stream, std::move(answer), keep_alive, head_only, half);
  if (wrong.cut == cut_kind::reset_mid_body) reset(stream);
  co_return more;
}

class listener final : public http_listener {
 public:
  listener() : acceptor_(network_) {}
  ~listener() override { stop(); }

  result<void> bind(const std::string& address, std::uint16_t port) {
    error_code ec;
    const auto where = asio::ip::make_address(address, ec);
    if (!ec) acceptor_.open(where.is_v6() ? tcp::v6() : tcp::v4(), ec);
    if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor_.bind(tcp::endpoint(where, port), ec);
    if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
    if (ec)
      return permanent(sandbox_errc::listen,
                       fmt::format("cannot listen on {}:{}: {}", address, port, ec.message()));
    port_ = acceptor_.local_endpoint().port();
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void run(application& app) override {
    app_ = &app;
    asio::co_spawn(network_, accept(), asio::detached);
    thread_ = std::thread([this] { network_.run(); });
  }

  void post(std::function<void()> work) override { asio::post(network_, std::move(work)); }

  void stop() override {
    network_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      error_code ec;
      tcp::socket socket(network_);
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
      if (ec == asio::error::operation_aborted) co_return;
      if (ec || connections_ >= max_connections) {
        if (ec) co_await pause(std::chrono::milliseconds(50));
        continue;
      }
      ++connections_;
      asio::co_spawn(network_, session(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> session(tcp::socket socket) {
    error_code ec;
    socket.set_option(tcp::no_delay(true), ec);
    const auto peer = socket.remote_endpoint(ec);
    const std::string remote = ec ? std::string() : peer.address().to_string();
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer;
    buffer.reserve(read_buffer);  // without it Beast reads 512 bytes at a time
    std::vector<char> chunk(stream_chunk);
    for (bool more = true; more;) more = co_await serve_one(stream, buffer, chunk, remote, *app_);
    stream.socket().shutdown(tcp::socket::shutdown_both, ec);
    --connections_;
  }

  asio::io_context network_{1};
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  application* app_ = nullptr;
  std::size_t connections_ = 0;
  std::thread thread_;
};

}  // namespace

result<std::unique_ptr<http_listener>> http_listener::open(const std::string& address,
                                                           std::uint16_t port) {
  auto made = std::make_unique<listener>();
  KP_CHECK(made->bind(address, port));
  return std::unique_ptr<http_listener>(std::move(made));
}

}  // namespace kp::sandbox
