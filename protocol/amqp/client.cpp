#include "protocol/amqp/client.hpp"

#include "protocol/amqp/budget.hpp"
#include "protocol/amqp/session.hpp"
#include "protocol/http/dial.hpp"
#include "protocol/http/single_flight.hpp"

#include <boost/asio/ssl.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace kp::amqp {

namespace asio = http::asio;

namespace {

constexpr std::chrono::milliseconds deadline_tick{100};
// A connection that ends sooner counts as one that was not made.
constexpr std::chrono::seconds shortest_life{5};
constexpr unsigned most_doublings = 16;
// So long a rest is waited for: what it fails is tried again much later.
constexpr std::chrono::seconds short_rest{2};
constexpr std::size_t room_for_head = 64 * 1024;  // of a message, beside its body

moment in(std::chrono::milliseconds span) {
  return std::chrono::steady_clock::now() + span;
}

struct state {
  state(asio::io_context& on, client_options with)
      : network(on),
        options(std::move(with)),
        dial_with{on,
                  std::make_shared<http::watchdog>(on, deadline_tick),
                  asio::ssl::context(asio::ssl::context::tls_client),
                  std::nullopt,
                  {}},
        bytes(std::make_shared<budget>(on, options.most_bytes_under_way)) {}

  asio::io_context& network;
  const client_options options;
  http::dialer dial_with;
  std::shared_ptr<budget> bytes;
  std::shared_ptr<session> current;
  std::uint64_t number = 0;
  unsigned failures = 0;
  moment not_before{};
  std::string last_failure;
  http::single_flight<int, std::shared_ptr<session>> connecting;

  void did_not_hold(std::string why) {
    const auto pause = options.first_pause * (1u << std::min(failures++, most_doublings));
    not_before = in(std::min<std::chrono::milliseconds>(pause, options.longest_pause));
    last_failure = std::move(why);
  }
};

http::awaitable<result<std::shared_ptr<session>>> connect(std::shared_ptr<state> own) {
  http::url_parts to;
  to.tls = own->options.tls;
  to.host = own->options.host;
  to.port = own->options.port;
  const auto each = own->options.connect_deadline;
  auto on = co_await http::dial(own->dial_with, to, each, in(3 * each));
  if (!on) {
    own->did_not_hold(on.error().message);
    co_return on.error();
  }
  auto made = std::make_shared<session>(own->network, *std::move(on), own->options);
  made->begin();
  auto opened = co_await made->opened(in(each));
  if (!opened) {
    own->did_not_hold(opened.error().message);
    co_return opened.error();
  }
  own->current = made;
  ++own->number;
  co_return made;
}

http::awaitable<result<std::shared_ptr<session>>> open_session(std::shared_ptr<state> own) {
  if (own->current && own->current->open()) {
    if (own->current->age() > shortest_life) own->failures = 0;
    co_return own->current;
  }
  if (own->current && !own->current->open()) {
    const bool held = own->current->age() > shortest_life;
    own->current.reset();
    if (!held) own->did_not_hold("it ended as soon as it was made");
  }
  if (const auto now = std::chrono::steady_clock::now();
      now < own->not_before && own->not_before - now <= short_rest) {
    asio::steady_timer rest(own->network, own->not_before);
    co_await rest.async_wait(asio::as_tuple(asio::use_awaitable));
    if (own->current && own->current->open()) co_return own->current;
  }
  if (std::chrono::steady_clock::now() < own->not_before)
    co_return transient(amqp_errc::closed,
                        fmt::format("the AMQP connection to {} rests after it failed: {}",
                                    own->options.host, own->last_failure));
  std::function<http::awaitable<result<std::shared_ptr<session>>>()> make = [own] {
    return connect(own);
  };
  co_return co_await own->connecting.run(0, std::move(make));
}

http::awaitable<result<std::uint64_t>> number_of(std::shared_ptr<state> own) {
  KP_CO_TRY(const auto over, co_await open_session(own));
  co_return own->number;
}

http::awaitable<result<answer>> ask_now(std::shared_ptr<state> own, std::string node,
                                        question what) {
  KP_CO_TRY(const auto over, co_await open_session(own));
  KP_CO_TRY(const auto by, over->desk_at(node));
  co_return co_await by->ask(std::move(what), in(own->options.answer_deadline));
}

http::awaitable<result<void>> send_now(std::shared_ptr<state> own, std::string address,
                                       std::string message) {
  const auto until = in(own->options.body_deadline);
  const auto size = std::min(message.size(), own->options.most_bytes_under_way);
  KP_CO_TRY(const auto share, co_await own->bytes->take(size, until));
  KP_CO_TRY(const auto over, co_await open_session(own));
  KP_CO_TRY(const auto by, over->out_to(address));
  co_return co_await by->send(std::move(message), until);
}

http::awaitable<result<std::optional<delivery>>> receive_now(std::shared_ptr<state> own,
                                                             std::string address,
                                                             std::size_t max_bytes) {
  const auto until = in(own->options.body_deadline);
  const auto most = std::min(max_bytes + room_for_head, own->options.most_bytes_under_way);
  KP_CO_TRY(const auto share, co_await own->bytes->take(most, until));
  KP_CO_TRY(const auto over, co_await open_session(own));
  KP_CO_TRY(const auto by, over->in_from(address));
  co_return co_await by->receive(most, in(own->options.answer_deadline), until);
}

http::awaitable<result<void>> settle_now(std::shared_ptr<state> own, std::string address,
                                         std::string tag, outcome how, std::string reason) {
  const auto over = own->current;
  const auto by = over && over->open() ? over->known_inlet(address) : nullptr;
  if (!by)
    co_return transient(amqp_errc::no_link, "AMQP: the link that the message came by is gone");
  co_return co_await by->settle(std::move(tag), how, std::move(reason),
                                in(own->options.answer_deadline));
}

class tcp_client final : public client {
 public:
  explicit tcp_client(std::shared_ptr<state> own) : own_(std::move(own)) {}
  ~tcp_client() override {
    if (own_->current)
      own_->current->end(transient(amqp_errc::closed, "the AMQP client has ended"));
  }
  const client_options& options() const override { return own_->options; }
  http::awaitable<result<std::uint64_t>> connect() override { return number_of(own_); }
  http::awaitable<result<answer>> ask(std::string node, question what) override {
    return ask_now(own_, std::move(node), std::move(what));
  }
  http::awaitable<result<void>> send(std::string address, std::string message) override {
    return send_now(own_, std::move(address), std::move(message));
  }
  http::awaitable<result<std::optional<delivery>>> receive(std::string address,
                                                           std::size_t max_bytes) override {
    return receive_now(own_, std::move(address), max_bytes);
  }
  http::awaitable<result<void>> settle(std::string address, std::string tag, outcome how,
                                       std::string reason) override {
    return settle_now(own_, std::move(address), std::move(tag), how, std::move(reason));
  }

 private:
  const std::shared_ptr<state> own_;
};

}  // namespace

result<std::unique_ptr<client>> client::make(asio::io_context& network, client_options options) {
  auto made = std::make_shared<state>(network, std::move(options));
  KP_CHECK(http::trust(made->dial_with.tls, made->options.ca_file));
  if (made->options.tls && !made->options.proxy.empty()) {
    KP_TRY(made->dial_with.proxy, http::parse_url(made->options.proxy));
  }
  return std::unique_ptr<client>(std::make_unique<tcp_client>(std::move(made)));
}

}  // namespace kp::amqp
