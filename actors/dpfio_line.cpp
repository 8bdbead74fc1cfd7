#include "actors/dpfio_line.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "protocol/http/http_error.hpp"
#include "tenants/changes.hpp"

#include <fmt/format.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>

namespace kp::actors {

namespace asio = http::asio;

namespace {

error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

error not_held() {
  return transient(dpfio::dpfio_errc::broker_lost,
                   "the delivery is not held any more; it is confirmed when it comes again");
}

struct ticket_use {
  hub_context* hub;
  dpfio::broker_connection* on;
  std::uint16_t channel;
  std::uint64_t tag;
};

// The answer of broker_io, which comes on a thread of its own.
http::awaitable<result<void>> acknowledged(ticket_use use) {
  auto slot = std::make_shared<std::optional<result<void>>>();
  auto executor = co_await asio::this_coro::executor;
  auto initiation = [slot, executor, use](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto guard = asio::make_work_guard(executor);
    use.on->acknowledge(use.channel, use.tag, [slot, executor, shared, guard](result<void> said) {
      slot->emplace(std::move(said));
      asio::post(executor, [shared] { std::move (*shared)(); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(initiation),
                                                                       asio::use_awaitable);
  co_return std::move(**slot);
}

}  // namespace

// What the broker's threads tell goes to the network thread.
class dpfio_line::listener final : public dpfio::broker_listener {
 public:
  listener(std::weak_ptr<dpfio_line> to, std::shared_ptr<hub_context> hub, std::uint64_t number)
      : to_(std::move(to)), hub_(std::move(hub)), number_(number) {}

  void opened(std::map<std::string, std::string> refused) override {
    tell([number = number_, refused = std::move(refused)](dpfio_line& line) {
      line.opened(number, refused);
    });
  }
  void arrived(dpfio::delivery one) override {
    auto kept = std::make_shared<dpfio::delivery>(std::move(one));
    tell([number = number_, kept](dpfio_line& line) { line.arrived(number, std::move(*kept)); });
  }
  void closed(error why) override {
    tell([number = number_, why = std::move(why)](dpfio_line& line) { line.closed(number, why); });
  }

 private:
  void tell(std::function<void(dpfio_line&)> what) {
    asio::post(hub_->network, [to = to_, what = std::move(what)] {
      if (const auto line = to.lock()) what(*line);
    });
  }

  std::weak_ptr<dpfio_line> to_;
  std::shared_ptr<hub_context> hub_;
  std::uint64_t number_;
};

dpfio_line::dpfio_line(std::shared_ptr<hub_context> hub,
                       std::shared_ptr<const tenants::organisation> settings)
    : hub_(std::move(hub)), settings_(std::move(settings)) {}

dpfio_line::~dpfio_line() {
  wipe(password_);
}

http::awaitable<result<void>> dpfio_line::ready(std::shared_ptr<upstream> clients) {
  const auto keep_alive = shared_from_this();
  auto opened = co_await clients->ready();
  if (!opened) co_return worth_a_retry(opened.error());
  if (fiks_) co_return result<void>{};
  const auto owner = settings_;
  auto work = [owner] { return owner->dpfio.integration_password.read(process_environment()); };
  auto read = co_await http::on_workers(hub_->workers, std::move(work));
  if (!read) co_return worth_a_retry(read.error());
  if (fiks_) co_return result<void>{};  // by somebody else meanwhile
  password_ = *std::move(read);
  const auto& national = hub_->settings.national;
  maskinporten::client_settings asked;
  asked.token_url = national.maskinporten_token_url;
  asked.audience = national.maskinporten_audience;
  asked.client_id = owner->dpfio.maskinporten_client_id.value_or(owner->maskinporten_client_id);
  auto keys = std::make_shared<const crypto::keystore>(clients->keys());
  tokens_ = std::make_unique<maskinporten::client>(*hub_->http, hub_->workers, hub_->time,
                                                   hub_->random, std::move(asked), std::move(keys));
  dpfio::fiks_io_settings where;
  where.base_url = national.fiks_io_url;
  where.integration_id = owner->dpfio.integration_id;
  where.integration_password = password_;
  fiks_ = std::make_unique<dpfio::fiks_io>(*hub_->http, *tokens_, hub_->time, std::move(where));
  co_return result<void>{};
}

std::optional<error> dpfio_line::trouble() const {
  if (open_ || !last_failure_) return std::nullopt;
  return last_failure_;
}

http::awaitable<result<void>> dpfio_line::acknowledge(std::string id) {
  const auto keep_alive = shared_from_this();
  const auto* found = box_.find(id);
  if (!found || !connection_) co_return not_held();
  const auto tickets = found->tickets;
  for (const auto& ticket : tickets) {
    if (ticket.connection != number_ || !connection_) continue;
    const ticket_use use{hub_.get(), connection_.get(), ticket.channel, ticket.tag};
    auto done = co_await acknowledged(use);
    if (!done) co_return done;
  }
  box_.drop(id);
  co_return result<void>{};
}

std::shared_ptr<void> dpfio_line::receive(std::shared_ptr<upstream> clients) {
  const std::scoped_lock lock(mutex_);
  auto token = wanted_.lock();
  if (!token) {
    token = std::shared_ptr<void>(this, [of = weak_from_this(), hub = hub_](void*) {
      asio::post(hub->network, [of] {
        if (const auto line = of.lock()) line->wake();
      });
    });
    wanted_ = token;
  }
  if (!looking_after_ && hub_->fiks_broker) {
    looking_after_ = true;
    asio::co_spawn(hub_->network, keep_open(weak_from_this(), clients, hub_), asio::detached);
  }
  return token;
}

void dpfio_line::when_arrived(std::function<void()> ring) {
  const std::scoped_lock lock(mutex_);
  ring_ = std::move(ring);
}

void dpfio_line::wake() {
  if (timer_) timer_->cancel();
}

// Nobody wants it any more once the grace is over.
bool dpfio_line::is_wanted() {
  const std::scoped_lock lock(mutex_);
  const auto now = clock::now();
  if (!wanted_.expired()) {
    unwanted_since_.reset();
    return true;
  }
  if (!unwanted_since_) unwanted_since_ = now;
  if (now - *unwanted_since_ < grace) return true;
  looking_after_ = false;
  unwanted_since_.reset();
  return false;
}

std::chrono::milliseconds dpfio_line::next_look() {
  using std::chrono::milliseconds;
  const auto now = clock::now();
  if (unwanted_since_) return milliseconds(500);
  auto until = now + std::chrono::minutes(1);
  if (!connection_) until = std::min(until, next_try_);
  if (reopen_at_) until = std::min(until, *reopen_at_);
  return std::max(std::chrono::ceil<milliseconds>(until - now), milliseconds(10));
}

// Sees to the connection for as long as somebody receives.
http::awaitable<void> dpfio_line::keep_open(std::weak_ptr<dpfio_line> of,
                                            std::weak_ptr<upstream> with,
                                            std::shared_ptr<hub_context> hub) {
  for (;;) {
    std::chrono::milliseconds pause{};
    asio::steady_timer* timer = nullptr;
    auto own = of.lock();
    auto clients = with.lock();
    if (!own) co_return;
    if (!clients || !own->is_wanted()) {
      own->close();
      const std::scoped_lock lock(own->mutex_);
      own->looking_after_ = false;
      co_return;
    }
    if (own->reopen_at_ && clock::now() >= *own->reopen_at_ && own->box_.empty()) own->close();
    if (!own->connection_ && clock::now() >= own->next_try_) {
      auto begun = co_await own->connect(clients);
      if (!begun) own->failed(begun.error());
    }
    if (!own->timer_) own->timer_ = std::make_unique<asio::steady_timer>(hub->network);
    pause = own->next_look();
    timer = own->timer_.get();
    timer->expires_after(pause);
    clients.reset();
    // The wait ends when the line does: its timer goes with it.
    auto waiting = timer->async_wait(asio::use_awaitable);
    own.reset();
    try {
      co_await std::move(waiting);
    } catch (const boost::system::system_error&) {
      // woken: something has changed
    }
  }
}

http::awaitable<result<void>> dpfio_line::connect(std::shared_ptr<upstream> clients) {
  const auto keep_alive = shared_from_this();
  auto made = co_await ready(clients);
  if (!made) co_return made;
  auto accounts = tenants::receiving_accounts(*settings_);
  if (accounts.empty())
    co_return transient(dpfio::dpfio_errc::broker_refused,
                        "no channel has an account to receive by");
  auto at = dpfio::parse_broker_url(hub_->settings.national.fiks_io_broker_url);
  if (!at) co_return worth_a_retry(at.error());
  // A password is good for as long as its token: each connection has a new one.
  const auto wanted = dpfio::token_wanted();
  tokens_->forget(wanted);
  auto token = co_await tokens_->get(wanted);
  if (!token) co_return worth_a_retry(token.error());
  dpfio::broker_options options;
  options.at = *std::move(at);
  options.ca_file = hub_->settings.ca_file;
  options.user = settings_->dpfio.integration_id;
  options.password = fmt::format("{} {}", password_, token->value);
  options.name = "Knutepunkt " KP_VERSION;
  for (const auto& account : accounts) options.queues.push_back(dpfio::queue_of(account));
  reopen_at_.reset();
  auto told = std::make_shared<listener>(weak_from_this(), hub_, ++number_);
  connection_ = hub_->fiks_broker->open(std::move(options), std::move(told));
  co_return result<void>{};
}

void dpfio_line::opened(std::uint64_t connection,
                        const std::map<std::string, std::string>& refused) {
  if (connection != number_ || !connection_) return;
  open_ = true;
  failures_ = 0;
  last_failure_.reset();
  say(log_level::info, "receiving from KS FIKS IO", "");
  for (const auto& [queue, why] : refused) {
    say(log_level::error, "an account cannot be received for", queue + ": " + why);
    reopen_at_ = clock::now() + ask_again_for_refused;
  }
  wake();
}

void dpfio_line::arrived(std::uint64_t connection, dpfio::delivery one) {
  if (connection != number_ || !connection_) return;  // of an earlier one: it comes again
  box_.put(connection, std::move(one), dpfio_letterbox::clock::now());
  std::function<void()> ring;
  {
    const std::scoped_lock lock(mutex_);
    ring = ring_;
  }
  if (ring) ring();
}

void dpfio_line::closed(std::uint64_t connection, const error& why) {
  if (connection != number_ || !connection_) return;
  close();
  failed(why);
  wake();
}

void dpfio_line::failed(const error& why) {
  last_failure_ = why;
  ++failures_;
  const auto doubled = first_pause * (1 << std::min(failures_ - 1, 8u));
  const std::chrono::milliseconds pause = std::min<std::chrono::seconds>(doubled, longest_pause);
  next_try_ = clock::now() + std::chrono::duration_cast<clock::duration>(
                                 pause * (0.75 + 0.5 * hub_->random.unit()));
  // The first failure in a row, then ever more seldom.
  if ((failures_ & (failures_ - 1)) == 0)
    say(log_level::warning, "no connection to KS FIKS IO, tried again", why.message);
}

void dpfio_line::close() {
  connection_.reset();
  open_ = false;
  reopen_at_.reset();
  box_.forget(number_);
}

void dpfio_line::say(log_level level, std::string_view what, std::string_view detail) const {
  log(level, what,
      {{"organisation", settings_->id.to_string()}, {"service", "DPFIO"}, {"detail", detail}});
}

}  // namespace kp::actors
