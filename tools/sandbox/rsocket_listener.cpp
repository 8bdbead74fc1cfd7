#include "tools/sandbox/rsocket_listener.hpp"

#include "tools/sandbox/sandbox_error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <deque>
#include <map>
#include <optional>
#include <thread>

namespace kp::sandbox {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t most_requests = 1024;  // unfinished, of one connection
constexpr std::string_view composite_type = "message/x.rsocket.composite-metadata.v0";
constexpr std::string_view json_type = "application/json";
constexpr std::chrono::seconds setup_deadline{30};

struct shared {
  rsocket_responder& responder;
  std::function<void(std::function<void()>)> on_services;
};

class conversation : public std::enable_shared_from_this<conversation> {
 public:
  conversation(tcp::socket socket, asio::ssl::context* tls, shared& with)
      : socket_(std::move(socket)), with_(with), silence_(socket_.get_executor()) {
    if (tls) tls_.emplace(socket_, *tls);
  }

  static asio::awaitable<void> run(std::shared_ptr<conversation> self) {
    error_code ec;
    if (self->tls_) {
      co_await self->tls_->async_handshake(asio::ssl::stream_base::server,
                                           asio::redirect_error(asio::use_awaitable, ec));
      if (ec) co_return;
    }
    self->expect_within(setup_deadline);
    std::string bytes(16 * 1024, '\0');
    while (!self->closed_) {
      std::size_t count = 0;
      if (self->tls_)
        count = co_await self->tls_->async_read_some(asio::buffer(bytes),
                                                     asio::redirect_error(asio::use_awaitable, ec));
      else
        count = co_await self->socket_.async_read_some(
            asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
      if (ec) break;
      self->in_.append(bytes, 0, count);
      self->take_all();
      if (self->lifetime_.count() > 0) self->expect_within(self->lifetime_);
    }
    self->close();
  }

 private:
  void take_all() {
    for (bool broken = false; !closed_;) {
      const auto frame = take_frame(in_, broken);
      if (broken) return fail(rsocket_code::connection_error, "Invalid frame");
      if (!frame) return;
      take(*frame);
    }
  }

  void take(const rsocket_frame& frame) {
    if (!set_up_) return take_setup(frame);
    switch (frame.type) {
      case rsocket_type::keepalive:
        if ((frame.flags & rsocket_flag::respond) && !troubles_.mute_keepalives)
          send(write_frame(0, rsocket_type::keepalive, 0, frame.body));
        return;
      case rsocket_type::request_response:
      case rsocket_type::request_fnf:
        if (frame.stream == 0 || frame.stream % 2 == 0 || frame.stream <= newest_ ||
            open_.size() >= most_requests)
          return fail(rsocket_code::connection_error, "Invalid stream");
        newest_ = frame.stream;
        open_.emplace(frame.stream, rsocket_request(frame.type));
        return add(frame);
      case rsocket_type::payload:
        return add(frame);
      case rsocket_type::cancel:
        open_.erase(frame.stream);
        return;
      case rsocket_type::metadata_push:
      case rsocket_type::lease:
      case rsocket_type::error:
        return;
      default:
        if (frame.type == rsocket_type::ext && (frame.flags & rsocket_flag::ignore)) return;
        return fail(rsocket_code::connection_error, "Unexpected frame");
    }
  }

  void take_setup(const rsocket_frame& frame) {
    const auto said = read_setup(frame);
    if (!said || said->major != 1) return fail(rsocket_code::invalid_setup, "Invalid SETUP");
    if (said->resumes || said->leases)
      return fail(rsocket_code::unsupported_setup,
                  said->resumes ? "resume not supported" : "lease is not supported");
    if (said->metadata_type != composite_type || said->data_type != json_type)
      return fail(rsocket_code::unsupported_setup, "MIME type not supported");
    set_up_ = true;
    lifetime_ = std::chrono::milliseconds(said->lifetime_ms);
    ask([self = shared_from_this()] {
      auto troubles = self->with_.responder.begin();
      asio::post(self->socket_.get_executor(), [self, troubles] {
        self->troubles_ = troubles;
        if (troubles.reject_setup > 0)
          self->fail(rsocket_code::rejected_setup, "Access Denied");
        else if (troubles.close_after_setup > 0)
          self->close();
      });
    });
  }

  void add(const rsocket_frame& frame) {
    const auto found = open_.find(frame.stream);
    if (found == open_.end()) return;
    if (!found->second.add(frame)) return fail(rsocket_code::connection_error, "Invalid fragment");
    if (!found->second.whole()) return;
    const auto request = std::make_shared<rsocket_request>(found->second);
    open_.erase(found);
    ask([self = shared_from_this(), request, stream = frame.stream] {
      const auto answer = self->with_.responder.answer(request->metadata(), request->data());
      const bool wanted = request->wants_answer();
      asio::post(self->socket_.get_executor(), [self, answer, stream, wanted] {
        asio::co_spawn(self->socket_.get_executor(), reply(self, answer, stream, wanted),
                       asio::detached);
      });
    });
  }

  static asio::awaitable<void> reply(std::shared_ptr<conversation> self, rsocket_answer answer,
                                     std::uint32_t stream, bool wanted) {
    if (answer.delay.count() > 0) {
      asio::steady_timer timer(self->socket_.get_executor(), answer.delay);
      error_code ec;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
    if (answer.is == rsocket_answer::what::drop) {
      self->close();
      co_return;
    }
    if (!wanted) co_return;
    if (answer.is == rsocket_answer::what::error)
      self->send(error_frame(stream, answer.code, answer.text));
    else
      self->send(write_frame(stream, rsocket_type::payload, rsocket_flag::complete, {}));
  }

  void ask(std::function<void()> work) { with_.on_services(std::move(work)); }

  void fail(std::uint32_t code, std::string_view text) {
    send(error_frame(0, code, text));
    ending_ = true;
    if (out_.empty()) close();
  }

  void send(std::string bytes) {
    if (closed_ || ending_) return;
    out_.push_back(std::move(bytes));
    if (out_.size() == 1)
      asio::co_spawn(socket_.get_executor(), write(shared_from_this()), asio::detached);
  }

  static asio::awaitable<void> write(std::shared_ptr<conversation> self) {
    error_code ec;
    while (!self->out_.empty() && !self->closed_) {
      for (std::size_t at = 0; at < self->out_.front().size() && !ec;) {
        const auto rest = asio::buffer(self->out_.front()) + at;
        if (self->tls_)
          at += co_await self->tls_->async_write_some(
              rest, asio::redirect_error(asio::use_awaitable, ec));
        else
          at += co_await self->socket_.async_write_some(
              rest, asio::redirect_error(asio::use_awaitable, ec));
      }
      if (ec) break;
      self->out_.pop_front();
    }
    if (ec || self->ending_) self->close();
  }

  // Silence for so long ends the conversation.
  void expect_within(std::chrono::milliseconds span) {
    silence_.expires_after(span);
    silence_.async_wait([weak = weak_from_this()](const error_code& moved) {
      if (moved) return;
      if (const auto self = weak.lock())
        self->fail(rsocket_code::connection_error, "No keep-alive acks");
    });
  }

  void close() {
    closed_ = true;
    silence_.cancel();
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  shared& with_;
  asio::steady_timer silence_;
  std::chrono::milliseconds lifetime_{0};
  rsocket_troubles troubles_;
  std::string in_;
  std::deque<std::string> out_;
  std::map<std::uint32_t, rsocket_request> open_;
  std::uint32_t newest_ = 0;
  bool set_up_ = false, ending_ = false, closed_ = false;
};

class listener final : public rsocket_listener {
 public:
  listener(rsocket_responder& responder, std::function<void(std::function<void()>)> on_services)
      : with_{responder, std::move(on_services)}, acceptor_(network_) {}
  ~listener() override { stop(); }

  result<void> begin(const options& wanted) {
    error_code ec;
    if (!wanted.certificate.empty()) {
      tls_.emplace(asio::ssl::context::tls_server);
      tls_->use_certificate_chain(asio::buffer(wanted.certificate), ec);
      if (!ec) tls_->use_private_key(asio::buffer(wanted.key), asio::ssl::context::pem, ec);
      if (ec) return permanent(sandbox_errc::crypto, "the RSocket certificate: " + ec.message());
    }
    const auto where = asio::ip::make_address(wanted.address, ec);
    if (!ec) acceptor_.open(where.is_v6() ? tcp::v6() : tcp::v4(), ec);
    if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor_.bind(tcp::endpoint(where, wanted.port), ec);
    if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
    if (ec)
      return permanent(sandbox_errc::listen,
                       fmt::format("cannot listen for RSocket on {}:{}: {}", wanted.address,
                                   wanted.port, ec.message()));
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(network_, accept(), asio::detached);
    thread_ = std::thread([this] { network_.run(); });
    return {};
  }

  std::uint16_t port() const override { return port_; }
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
      if (ec) continue;
      socket.set_option(tcp::no_delay(true), ec);
      auto talk = std::make_shared<conversation>(std::move(socket), tls_ ? &*tls_ : nullptr, with_);
      asio::co_spawn(network_, conversation::run(std::move(talk)), asio::detached);
    }
  }

  shared with_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context network_{1};
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

result<std::unique_ptr<rsocket_listener>> rsocket_listener::open(
    const options& wanted, rsocket_responder& responder,
    std::function<void(std::function<void()>)> on_services) {
  auto made = std::make_unique<listener>(responder, std::move(on_services));
  KP_CHECK(made->begin(wanted));
  return std::unique_ptr<rsocket_listener>(std::move(made));
}

}  // namespace kp::sandbox
