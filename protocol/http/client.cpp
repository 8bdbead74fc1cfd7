#include "protocol/http/client.hpp"

#include "protocol/http/dial.hpp"
#include "protocol/http/exchange.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/pool.hpp"

#include <boost/asio/ssl.hpp>

#include <fmt/format.h>

namespace kp::http {

namespace {

constexpr std::chrono::milliseconds deadline_tick{20};

struct client_state {
  client_state(asio::io_context& network, asio::thread_pool& on_workers, client_options with)
      : options(std::move(with)),
        workers(on_workers),
        dial_with{network, std::make_shared<watchdog>(network, deadline_tick),
                  asio::ssl::context(asio::ssl::context::tls_client), std::nullopt,
                  options.may_connect},
        pool(std::make_shared<connection_pool>(network, options.max_connections_per_host,
                                               options.idle)) {}
  client_options options;
  asio::thread_pool& workers;
  dialer dial_with;
  std::shared_ptr<connection_pool> pool;
};

awaitable<result<response>> run(std::shared_ptr<client_state> state, request asked,
                                download_target target) {
  KP_CO_TRY(const auto to, parse_url(asked.url));
  const auto latest = std::chrono::steady_clock::now() + asked.deadlines.total;
  const bool proxied = state->dial_with.proxy.has_value();
  exchange what{state->workers, asked, to,   state->options.user_agent, proxied && !to.tls, target,
                latest,         false, false};
  KP_CO_TRY(const auto head, request_head_text(what));
  const bool without_effect = asked.method == "GET" || asked.method == "HEAD";
  KP_CO_TRY(auto place, co_await connection_pool::enter(state->pool, to.origin(), latest));
  for (;;) {
    auto on = place.take_idle();
    const bool used_before = on != nullptr;
    if (!on) {
      KP_CO_TRY(on, co_await dial(state->dial_with, to, asked.deadlines.connect, latest));
    }
    auto answer = co_await perform(what, *on, head);
    on->unlimited();
    if (answer && what.reusable) place.give_back(std::move(on));
    // The server closed the connection while it was idle: as if it had never been there.
    const bool was_dead = !answer && used_before && !what.answer_began &&
                          answer.error().code == http_errc::cut && without_effect;
    if (!was_dead) co_return answer;
    place.forget_idle();
  }
}

class pooled_client final : public client {
 public:
  explicit pooled_client(std::shared_ptr<client_state> state) : state_(std::move(state)) {}
  ~pooled_client() override { state_->pool->close(); }
  awaitable<result<response>> send(request asked) override {
    return run(state_, std::move(asked), {});
  }
  awaitable<result<response>> download(request asked, std::shared_ptr<byte_sink> sink,
                                       std::uint64_t max_bytes) override {
    return run(state_, std::move(asked), {std::move(sink), max_bytes});
  }

 private:
  std::shared_ptr<client_state> state_;
};

}  // namespace

result<std::unique_ptr<client>> client::make(asio::io_context& network, asio::thread_pool& workers,
                                             client_options options) {
  if (!is_field_value(options.user_agent))
    return permanent(http_errc::bad_url, "the user agent cannot be sent in a header");
  auto state = std::make_shared<client_state>(network, workers, std::move(options));
  KP_CHECK(trust(state->dial_with.tls, state->options.ca_file));
  if (!state->options.proxy.empty()) {
    KP_TRY(auto proxy, parse_url(state->options.proxy));
    if (proxy.tls)
      return permanent(http_errc::bad_url, "the proxy must be given as http://host:port");
    state->dial_with.proxy = std::move(proxy);
  }
  return std::unique_ptr<client>(std::make_unique<pooled_client>(std::move(state)));
}

}  // namespace kp::http
