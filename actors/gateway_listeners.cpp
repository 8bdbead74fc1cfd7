#include "actors/gateway_listeners.hpp"

#include "actors/channel_decision.hpp"
#include "actors/event_stream.hpp"
#include "actors/gateway_answers.hpp"
#include "protocol/api/page.hpp"

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <charconv>

namespace kp::actors {

namespace {

using steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How soon a client that has gone is noticed.
constexpr milliseconds notice_gone{1'000};
// A message whose peek lock has expired comes back without a bell; today's clients see it after
// five seconds (rest-api.md 7.3).
constexpr milliseconds look_anyway{5'000};
// In a channel where statuses come one after another, a look is not due for each.
constexpr milliseconds look_at_most_every{100};

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failed != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

api::problem bad_request(std::string message) {
  return {400, "java.lang.IllegalArgumentException", std::move(message), {}, {}};
}

std::expected<std::optional<storage::sequence_number>, api::problem> last_event_id(
    const http::request_head& head) {
  // A browser that connects again repeats the URL it began with: its header is newer.
  std::optional<std::string> text;
  if (const auto field = head.headers.find("Last-Event-ID")) text = std::string(*field);
  if (!text || text->empty()) text = api::query::parse(head.query).find("lastEventId");
  if (!text || text->empty()) return std::nullopt;
  const auto number = whole_number(*text);
  if (!number)
    return std::unexpected(
        bad_request("Last-Event-ID is not an id of an event: give the `id:` of the last event that "
                    "was seen, or leave it out to begin with what comes now"));
  return number;
}

http::awaitable<void> pause(milliseconds span) {
  http::asio::steady_timer timer(co_await http::asio::this_coro::executor, span);
  boost::system::error_code ignored;
  co_await timer.async_wait(http::asio::redirect_error(http::asio::use_awaitable, ignored));
}

// Whether a credential lets in as it did.
bool opens(const tenants::directory& now, const tenants::directory::seat& who) {
  const auto owner = now.find(who.owner->id);
  const auto* channel = owner ? owner->find(who.channel->name) : nullptr;
  if (!channel || channel->external) return false;
  const auto is_it = [&](const auto& one) { return tenants::same(one, *who.by); };
  return !who.by || std::ranges::any_of(channel->credentials, is_it);
}

http::server_response no_content() {
  http::server_response response;
  response.status = 204;
  return response;
}

}  // namespace

struct listening_place::counts {
  std::unordered_set<listening_place*> all;
  std::map<bells::place, std::size_t> of_channel;
  bool stopped = false;
};

listening_place::listening_place(std::shared_ptr<counts> in, bells& where, bells::place of,
                                 tenants::directory::seat who, http::asio::any_io_executor executor)
    : counts_(std::move(in)), of_(of), who_(std::move(who)), ear_(where, of, std::move(executor)) {
  counts_->all.insert(this);
  ++counts_->of_channel[of_];
}

listening_place::~listening_place() {
  counts_->all.erase(this);
  const auto mine = counts_->of_channel.find(of_);
  if (--mine->second == 0) counts_->of_channel.erase(mine);
}

gateway_listeners::gateway_listeners(std::shared_ptr<hub_context> hub)
    : hub_(std::move(hub)), counts_(std::make_shared<listening_place::counts>()) {}

http::server_response gateway_listeners::refused(const api::problem& why,
                                                 const http::request_head& head) const {
  return refuse(why, head, hub_->time.now());
}

http::awaitable<std::expected<gateway_listeners::place, api::problem>> gateway_listeners::take(
    tenants::directory::seat who) {
  const auto organisation = who.owner->id;
  auto find = [hub = hub_, organisation, channel = who.channel->name] {
    return storage::channel_registry(hub->store, organisation).find(channel);
  };
  const auto number = co_await http::on_workers(hub_->workers, std::move(find));
  if (!number) co_return std::unexpected(problem_of(number.error()));
  if (!*number)
    co_return std::unexpected(api::try_later(503, "The channel is being opened; try again"));
  // It may have lost its place since it signed in.
  if (newest_ && !opens(*newest_, who)) co_return std::unexpected(api::unauthorized());
  if (counts_->stopped) co_return std::unexpected(api::try_later(503, "The hub is stopping"));
  const auto& settings = hub_->settings;
  if (counts_->all.size() >= settings.max_listeners)
    co_return std::unexpected(
        api::try_later(503, "The hub has as many event streams and waiting peeks as it can"));
  const bells::place of{organisation, **number};
  const auto mine = counts_->of_channel.find(of);
  if (mine != counts_->of_channel.end() && mine->second >= settings.max_listeners_per_channel)
    co_return std::unexpected(api::try_later(
        429, fmt::format("The channel has {} event streams and waiting peeks already, which is all "
                         "it may have at a time; close some",
                         mine->second)));
  auto executor = co_await http::asio::this_coro::executor;
  co_return place(
      new listening_place(counts_, *hub_->feed_bells, of, std::move(who), std::move(executor)));
}

http::awaitable<http::server_response> gateway_listeners::stream(tenants::directory::seat who,
                                                                 const http::request_head& head,
                                                                 http::request_body& connection) {
  const auto last_seen = last_event_id(head);
  if (!last_seen) co_return refused(last_seen.error(), head);
  auto taken = co_await take(who);
  if (!taken) co_return refused(taken.error(), head);
  auto open = [hub = hub_, organisation = who.owner->id, channel = who.channel->name,
               from = *last_seen, view = who.view()] {
    return event_reader::open(hub->store, organisation, channel, from, view);
  };
  auto reader = co_await http::on_workers(hub_->workers, std::move(open));
  if (!reader) co_return refused(problem_of(reader.error()), head);
  http::server_response response;
  response.headers.add("Content-Type", "text/event-stream;charset=UTF-8");
  response.headers.add("X-Accel-Buffering", "no");  // for proxies that collect before they pass on
  response.stream =
      std::make_shared<event_stream>(hub_, *std::move(reader), *std::move(taken), connection);
  co_return response;
}

std::expected<std::chrono::seconds, api::problem> gateway_listeners::wait_of(
    std::string_view query) {
  const auto text = api::query::parse(query).find("wait");
  if (!text) return std::chrono::seconds(0);
  auto digits = std::string_view(*text);
  if (digits.ends_with('s')) digits.remove_suffix(1);
  const auto seconds = whole_number(digits);
  if (!seconds || *seconds > static_cast<std::uint64_t>(longest_wait.count()))
    return std::unexpected(
        bad_request(fmt::format("wait cannot be this: give whole seconds from 0 to {}, as in "
                                "wait=30s",
                                longest_wait.count())));
  return std::chrono::seconds(*seconds);
}

http::awaitable<http::server_response> gateway_listeners::wait_for(tenants::directory::seat who,
                                                                   std::chrono::seconds at_most,
                                                                   const http::request_head& head,
                                                                   http::request_body& connection,
                                                                   look peek) {
  const auto deadline = steady::now() + at_most;
  auto taken = co_await take(std::move(who));
  if (!taken) co_return refused(taken.error(), head);
  const auto& here = *taken;
  for (;;) {
    if (here->revoked()) co_return refused(api::unauthorized(), head);
    if (here->interrupted() || connection.peer_gone()) co_return no_content();
    const auto looked = steady::now();
    auto answer = co_await peek();
    if (answer.status != 204) co_return answer;
    for (bool again = false; !again;) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - steady::now());
      if (here->interrupted()) break;
      if (left.count() <= 0 || connection.peer_gone()) co_return answer;
      const bool rung = co_await here->wait(std::min(left, notice_gone));
      again = rung || steady::now() - looked >= look_anyway;
    }
    const auto since = std::chrono::ceil<milliseconds>(steady::now() - looked);
    if (!here->interrupted() && since < look_at_most_every)
      co_await pause(look_at_most_every - since);
  }
}

void gateway_listeners::follow(std::shared_ptr<const tenants::directory> now) {
  newest_ = std::move(now);
  for (auto* each : counts_->all) {
    if (opens(*newest_, each->who_)) continue;
    each->revoked_ = true;
    each->ear_.interrupt();
  }
}

void gateway_listeners::stop() {
  counts_->stopped = true;
  for (auto* each : counts_->all) each->ear_.interrupt();
}

std::size_t gateway_listeners::count() const {
  return counts_->all.size();
}

}  // namespace kp::actors
