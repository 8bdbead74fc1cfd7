#include "protocol/http/server.hpp"

#include "config/log.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/session.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <vector>

namespace kp::http {

namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds deadline_tick{100};
constexpr std::chrono::milliseconds stop_tick{10};
constexpr std::chrono::milliseconds cut_grace{500};     // for sessions to notice that they are cut
constexpr std::chrono::milliseconds accept_pause{100};  // when the process has no descriptor left

awaitable<void> pause(std::chrono::milliseconds span) {
  asio::steady_timer timer(co_await asio::this_coro::executor, span);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

awaitable<void> serve(std::shared_ptr<session> connected) {
  co_await connected->serve();
}

awaitable<void> accept_all(std::shared_ptr<server_state> state,
                           std::shared_ptr<tcp::acceptor> acceptor) {
  auto executor = co_await asio::this_coro::executor;
  while (!state->stopping) {
    auto [failed, socket] = co_await acceptor->async_accept(asio::as_tuple(asio::use_awaitable));
    if (state->stopping || failed == asio::error::operation_aborted) co_return;
    if (failed) {
      log(log_level::warning, "cannot accept a connection", {{"reason", failed.message()}});
      co_await pause(accept_pause);
      continue;
    }
    if (!state->has_room(socket)) continue;
    connection::error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    asio::co_spawn(executor, serve(std::make_shared<session>(state, std::move(socket))),
                   asio::detached);
  }
}

// Ends with the server.
awaitable<void> watch_certificate(std::weak_ptr<server_state> server) {
  for (;;) {
    std::chrono::milliseconds until_next{};
    {
      const auto state = server.lock();
      if (!state || state->stopping) co_return;
      until_next = state->options.certificate_check;
      const auto looked = state->tls->look();
      if (!looked)
        log(log_level::error, "the listener keeps its certificate, the new one cannot be used",
            {{"reason", looked.error().message}});
      else if (*looked == listener_tls::outcome::replaced)
        log(log_level::info, "the listener has a new certificate",
            {{"file", state->options.certificate_file}});
    }
    co_await pause(until_next);
  }
}

class tcp_server final : public server {
 public:
  tcp_server(std::shared_ptr<server_state> state, std::shared_ptr<tcp::acceptor> acceptor,
             std::uint16_t port)
      : state_(std::move(state)), acceptor_(std::move(acceptor)), port_(port) {}
  ~tcp_server() override {
    stop_accepting();
    cut_all();
  }
  std::uint16_t port() const override { return port_; }

  awaitable<void> stop(std::chrono::milliseconds deadline) override {
    const auto state = state_;
    stop_accepting();
    for (auto* each : state->sessions)
      if (each->waits_for_request()) each->cut();
    co_await wait_for_sessions(state, deadline);
    for (auto* each : state->sessions) each->cut();
    co_await wait_for_sessions(state, cut_grace);
  }

 private:
  void stop_accepting() {
    state_->stopping = true;
    connection::error ignored;
    acceptor_->close(ignored);
  }
  void cut_all() {
    for (auto* each : state_->sessions) each->cut();
  }
  static awaitable<void> wait_for_sessions(std::shared_ptr<server_state> state,
                                           std::chrono::milliseconds deadline) {
    const auto latest = std::chrono::steady_clock::now() + deadline;
    while (!state->sessions.empty() && std::chrono::steady_clock::now() < latest)
      co_await pause(stop_tick);
  }

  std::shared_ptr<server_state> state_;
  std::shared_ptr<tcp::acceptor> acceptor_;
  std::uint16_t port_;
};

}  // namespace

result<std::unique_ptr<server>> server::listen(asio::io_context& network, server_options options,
                                               handler handle) {
  auto state = std::make_shared<server_state>();
  state->options = std::move(options);
  state->handle = std::move(handle);
  state->guard = std::make_shared<watchdog>(network, deadline_tick);
  for (const auto& [name, value] : state->options.headers_on_every_answer.fields()) {
    if (!is_field_name(name) || !is_field_value(value))
      return permanent(http_errc::bad_answer, fmt::format("\"{}\" is no header field", name));
    state->common_headers.emplace_back(name, fmt::format("{}: {}\r\n", name, value));
  }
  if (!state->options.certificate_file.empty()) {
    KP_TRY(state->tls, listener_tls::open(state->options));
  }

  const auto where = fmt::format("{}:{}", state->options.address, state->options.port);
  const auto refused = [&where](std::string_view step, const connection::error& why) {
    return permanent(http_errc::connect,
                     fmt::format("cannot {} {}: {}", step, where, why.message()));
  };
  connection::error failed;
  const auto address = asio::ip::make_address(state->options.address, failed);
  if (failed) return refused("use the address", failed);
  const tcp::endpoint endpoint(address, state->options.port);
  auto acceptor = std::make_shared<tcp::acceptor>(network);
  acceptor->open(endpoint.protocol(), failed);
  if (failed) return refused("open a socket for", failed);
  if (state->options.reuse_address) {
    acceptor->set_option(tcp::acceptor::reuse_address(true), failed);
    if (failed) return refused("share the address", failed);
  }
  acceptor->bind(endpoint, failed);
  if (failed) return refused("bind", failed);
  acceptor->listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return refused("listen on", failed);
  const auto bound = acceptor->local_endpoint(failed);
  if (failed) return refused("listen on", failed);
  asio::co_spawn(network, accept_all(state, acceptor), asio::detached);
  if (state->tls) {
    std::weak_ptr<server_state> watched = state;
    asio::co_spawn(network, watch_certificate(std::move(watched)), asio::detached);
  }
  return std::unique_ptr<server>(
      std::make_unique<tcp_server>(std::move(state), std::move(acceptor), bound.port()));
}

}  // namespace kp::http
