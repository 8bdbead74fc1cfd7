#pragma once

#include "actors/webhook_dispatcher.hpp"
#include "config/text.hpp"
#include "protocol/crypto/hmac.hpp"
#include "storage/keys.hpp"
#include "tests/actors/dpo_house.hpp"
#include "tests/support/fixtures.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <boost/json.hpp>

namespace kp::test {

namespace json = boost::json;
using namespace kp::actors;

// Subscribers in the hand of the test: what was posted, and what they answer.
class fake_subscribers final : public webhook_transport {
 public:
  struct posted {
    std::string url, body;
    http::headers headers;
    std::function<void(webhook_outcome)> done;

    std::string member(const std::string& name) const {
      const auto parsed = json::parse(body);
      const auto* found = parsed.as_object().if_contains(name);
      return found ? std::string(found->as_string()) : "";
    }
    std::string header(const std::string& name) const {
      return std::string(headers.find(name).value_or(""));
    }
    // "OPPRETTET", or "ping".
    std::string what() const { return member("event") == "ping" ? "ping" : member("status"); }
  };

  void post(webhook_push push, std::function<void(webhook_outcome)> done) override {
    all.push_back({push.url, push.body, push.headers, done});
    if (const auto answer = answers ? answers(all.back()) : std::optional(status(200)))
      done(*answer);
    else
      held.push_back(all.back());
  }
  static webhook_outcome status(unsigned code) {
    webhook_outcome outcome;
    outcome.status = code;
    return outcome;
  }
  static webhook_outcome unreachable() {
    webhook_outcome outcome;
    outcome.problem = "cannot connect";
    return outcome;
  }
  // To what is held, the oldest first.
  void answer_next(unsigned code) {
    ASSERT_FALSE(held.empty());
    const auto one = held.front();
    held.pop_front();
    one.done(status(code));
  }
  std::vector<std::string> whats(const std::string& url = {}) const {
    std::vector<std::string> names;
    for (const auto& each : all)
      if (url.empty() || each.url == url) names.push_back(each.what());
    return names;
  }

  std::vector<posted> all;
  std::deque<posted> held;
  // Empty: 200. nullopt: the test answers later.
  std::function<std::optional<webhook_outcome>(const posted&)> answers;
};

// One organisation whose channels have events and whose subscribers are told of them.
class webhook_test : public testing::Test {
 protected:
  webhook_test() {
    house.hub->settings.webhooks.to_private = webhook_settings::private_targets::allow;
    start();
  }
  void start() {
    dispatcher = house.system.spawn(webhook_dispatcher,
                                    webhook_dispatcher_args{house.context, means, house.writer});
    house.system.run();
  }
  void restart() {
    house.system.stop(dispatcher);
    start();
  }

  api_answer call(endpoint what, std::string argument = {}, std::string body = {},
                  std::string query = {}, channel_number channel = arkiv) {
    const auto answer = house.system.ask<api_answer>(
        dispatcher, webhook_call{channel, api_call{what, "/api/subscriptions", std::move(argument),
                                                   std::move(query), std::move(body),
                                                   "application/json", view}});
    EXPECT_TRUE(answer) << "no answer";
    return answer.value_or(api_answer{});
  }
  static std::string form(const std::string& name, const std::string& url,
                          const std::string& filter = {}) {
    json::object o{{"name", name}, {"pushEndpoint", url}, {"resource", "all"}, {"event", "all"}};
    if (!filter.empty()) o["filter"] = filter;
    o["secret"] = secret;
    return json::serialize(o);
  }
  // Its id.
  std::string subscribe(const std::string& url = hook, const std::string& filter = {},
                        channel_number channel = arkiv) {
    const auto made = call(endpoint::create_subscription, {}, form("s", url, filter), {}, channel);
    EXPECT_EQ(made.status, 200u) << made.body;
    house.system.run();
    subscribers.all.clear();  // the ping
    return std::to_string(json::parse(made.body).at("id").to_number<std::int64_t>());
  }

  static message_id message(unsigned n) {
    return *message_id::parse(fmt::format("00000000-0000-4000-8000-{:012x}", n));
  }
  // Registers a status on the conversation of a message, which begins with it.
  void happens(unsigned n, storage::status_name name, channel_number channel = arkiv,
               std::optional<std::string> description = {}, direction way = direction::outgoing,
               const std::string& process = {}) {
    storage::batch changes;
    const auto now = house.system.time().now();
    const storage::status_change change{name, std::move(description), {}, now};
    const auto& in = *house.context;
    auto known = in.conversations.find(way, message(n));
    ASSERT_TRUE(known);
    if (*known) {
      ASSERT_TRUE(*storage::register_status(changes, in.conversations, in.statuses, *house.ids,
                                            **known, change));
    } else {
      storage::conversation c;
      c.message = message(n);
      c.conversation_ref = *conversation_id::parse("37efbd4c-413d-4e2c-bbc5-257ef4a65a56");
      c.channel = channel;
      c.via = service::dpo;
      c.way = way;
      c.process = process;
      ASSERT_TRUE(storage::start_conversation(changes, in.conversations, in.statuses, *house.ids, c,
                                              {change}));
    }
    const auto done = house.system.ask<committed>(
        house.writer, commit{std::make_shared<storage::batch>(std::move(changes))});
    ASSERT_TRUE(done && !done->failure);
    house.system.run();
  }
  void pass(std::chrono::microseconds much,
            std::chrono::microseconds step = std::chrono::milliseconds(500)) {
    house.system.pass(much, step);
  }
  std::vector<std::string> posted(const std::string& url = {}) const {
    return subscribers.whats(url);
  }
  std::int64_t dead_letters(const std::string& id) {
    const auto answer = call(endpoint::list_dead_letters, id);
    return json::parse(answer.body).at("totalElements").to_number<std::int64_t>();
  }
  std::size_t kept(storage::record_kind kind) const {
    const auto prefix = storage::key_builder(house.context->id(), kind).str();
    std::size_t count = 0;
    EXPECT_TRUE(house.store->scan(prefix, storage::prefix_end(prefix),
                                  storage::scan_order::ascending,
                                  [&](std::string_view, std::string_view) { return ++count > 0; }));
    return count;
  }

  static inline const std::string secret = "a-secret-of-the-test";
  static inline const std::string hook = "http://127.0.0.1:9800/hook";
  static inline const std::string other_hook = "http://127.0.0.1:9801/hook";

  dpo_house house;
  std::shared_ptr<webhook_means> means = std::make_shared<webhook_means>(webhook_means{
      std::make_shared<fake_subscribers>(),
      std::make_shared<storage::secret_box>(std::string(32, 'k'), make_seeded_random(3))});
  fake_subscribers& subscribers = static_cast<fake_subscribers&>(*means->transport);
  caf::actor dispatcher;
  std::shared_ptr<const tenants::inbox_view> view;  // of who calls
};

}  // namespace kp::test
