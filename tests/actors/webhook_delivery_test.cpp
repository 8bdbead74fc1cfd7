#include "tests/actors/webhook_house.hpp"

namespace kp::test {
namespace {

using namespace std::chrono_literals;
using storage::record_kind;
using storage::status_name;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

class webhook_delivery_test : public webhook_test {
 protected:
  // Every subscriber answers this from now on.
  void all_answer(unsigned code) {
    subscribers.answers = [code](const auto&) { return fake_subscribers::status(code); };
  }
  void nobody_answers() {
    subscribers.answers = [](const auto&) { return std::nullopt; };
  }
};

TEST_F(webhook_delivery_test, posts_what_happens_signed_and_with_an_id_of_its_own) {
  subscribe();
  happens(1, status_name::opprettet);
  happens(1, status_name::feil, arkiv, "gikk galt");
  ASSERT_EQ(subscribers.all.size(), 2u);
  const auto& second = subscribers.all[1];
  EXPECT_EQ(second.url, hook);
  const auto body = json::parse(second.body).as_object();
  EXPECT_EQ(body, json::value({{"createdTs", format_timestamp(house.system.time().now())},
                               {"resource", "messages"},
                               {"event", "status"},
                               {"messageId", message(1).to_string()},
                               {"conversationId", "37efbd4c-413d-4e2c-bbc5-257ef4a65a56"},
                               {"direction", "OUTGOING"},
                               {"serviceIdentifier", "DPO"},
                               {"status", "FEIL"},
                               {"description", "gikk galt"}}));
  const auto seconds = std::to_string(house.system.time().now().time_since_epoch() / 1s);
  EXPECT_EQ(
      second.header("Knutepunkt-Signature"),
      "t=" + seconds + ",v1=" + to_hex(crypto::hmac_sha256(secret, seconds + "." + second.body)));
  EXPECT_EQ(second.header("Knutepunkt-Attempt"), "1");
  EXPECT_NE(second.header("Knutepunkt-Event-Id"), subscribers.all[0].header("Knutepunkt-Event-Id"));
}

TEST_F(webhook_delivery_test, tells_only_what_the_filter_lets_through_and_only_of_its_channel) {
  subscribe(hook, "status=FEIL,levert");
  subscribe(other_hook, {}, fag);
  happens(1, status_name::opprettet);
  happens(1, status_name::levert);
  happens(2, status_name::sendt, fag);
  EXPECT_THAT(posted(hook), ElementsAre("LEVERT"));
  EXPECT_THAT(posted(other_hook), ElementsAre("SENDT"));
}

TEST_F(webhook_delivery_test, begins_with_what_happens_after_the_subscription) {
  happens(1, status_name::opprettet);
  subscribe();
  EXPECT_THAT(posted(), IsEmpty());
  happens(1, status_name::sendt);
  EXPECT_THAT(posted(), ElementsAre("SENDT"));
}

TEST_F(webhook_delivery_test, keeps_the_order_of_one_message_and_lets_the_others_pass) {
  subscribe();
  subscribers.answers = [](const fake_subscribers::posted& p) -> std::optional<webhook_outcome> {
    if (p.member("messageId") == message(1).to_string()) return fake_subscribers::status(422);
    return fake_subscribers::status(200);
  };
  happens(1, status_name::opprettet);
  happens(1, status_name::sendt);
  happens(2, status_name::opprettet);
  happens(1, status_name::levert);
  happens(2, status_name::sendt);
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET", "OPPRETTET", "SENDT"));
  all_answer(204);
  pass(15s);
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET", "OPPRETTET", "SENDT",  // and what waited:
                                    "OPPRETTET", "SENDT", "LEVERT"));
  EXPECT_EQ(kept(record_kind::webhook_parked), 0u);
}

TEST_F(webhook_delivery_test, waits_for_the_answer_before_the_next_event_of_a_message) {
  subscribe();
  nobody_answers();
  happens(1, status_name::opprettet);
  happens(1, status_name::sendt);
  happens(2, status_name::opprettet);
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET", "OPPRETTET"));
  subscribers.answer_next(200);
  house.system.run();
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET", "OPPRETTET", "SENDT"));
}

TEST_F(webhook_delivery_test, tries_again_with_growing_pauses_and_the_same_event_id) {
  subscribe();
  all_answer(422);
  happens(1, status_name::opprettet);
  pass(100s);
  // 10, 20 and 40 seconds, each a fifth more or less.
  ASSERT_EQ(subscribers.all.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(subscribers.all[i].header("Knutepunkt-Attempt"), std::to_string(i + 1));
    EXPECT_EQ(subscribers.all[i].header("Knutepunkt-Event-Id"),
              subscribers.all[0].header("Knutepunkt-Event-Id"));
    EXPECT_EQ(subscribers.all[i].body, subscribers.all[0].body);
  }
  EXPECT_NE(subscribers.all[3].header("Knutepunkt-Signature"),
            subscribers.all[0].header("Knutepunkt-Signature"))
      << "signed with its own time";
}

TEST_F(webhook_delivery_test, waits_as_long_as_the_subscriber_asks) {
  subscribe();
  subscribers.answers = [](const auto&) {
    auto busy = fake_subscribers::status(503);
    busy.retry_after = 300s;
    return busy;
  };
  happens(1, status_name::opprettet);
  pass(295s);
  EXPECT_EQ(subscribers.all.size(), 1u);
  pass(10s);
  EXPECT_EQ(subscribers.all.size(), 2u);
}

TEST_F(webhook_delivery_test, counts_only_2xx_as_taken) {
  subscribe();
  for (const unsigned code : {301u, 307u, 400u, 409u, 500u, 0u}) {
    subscribers.all.clear();
    all_answer(code);
    happens(code + 1, status_name::opprettet);
    all_answer(200);
    pass(20s);
    EXPECT_EQ(subscribers.all.size(), 2u) << code;
  }
}

TEST_F(webhook_delivery_test, makes_a_dead_letter_after_the_age_limit_and_replays_it) {
  const auto id = subscribe();
  all_answer(422);
  happens(1, status_name::opprettet);
  happens(1, status_name::sendt);
  pass(47h, 1min);
  EXPECT_EQ(dead_letters(id), 0);
  pass(2h, 1min);
  EXPECT_EQ(dead_letters(id), 2);
  EXPECT_EQ(kept(record_kind::webhook_parked), 0u);
  const auto tried = subscribers.all.size();
  EXPECT_LT(tried, 70u) << "an hour between attempts in the end";
  pass(3h, 1min);
  EXPECT_EQ(subscribers.all.size(), tried);

  const auto list = json::parse(call(endpoint::list_dead_letters, id).body);
  const auto& first = list.at("content").at(0).as_object();
  EXPECT_EQ(first.at("status"), "OPPRETTET");
  EXPECT_EQ(first.at("messageId").as_string(), message(1).to_string());
  EXPECT_EQ(first.at("lastError"), "HTTP 422");
  EXPECT_GT(first.at("attempts").to_number<int>(), 10);

  all_answer(200);
  subscribers.all.clear();
  const auto letter = std::to_string(first.at("id").to_number<std::int64_t>());
  EXPECT_EQ(call(endpoint::replay_dead_letter, id + "/" + letter).status, 200u);
  house.system.run();
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET"));
  EXPECT_EQ(subscribers.all[0].header("Knutepunkt-Attempt"), "1");
  EXPECT_EQ(call(endpoint::replay_dead_letter, id + "/" + letter).status, 404u);
  EXPECT_EQ(json::parse(call(endpoint::replay_dead_letters, id).body).at("replayed"), 1);
  house.system.run();
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET", "SENDT"));
  EXPECT_EQ(dead_letters(id), 0);
  EXPECT_EQ(kept(record_kind::webhook_parked), 0u);
}

TEST_F(webhook_delivery_test, goes_on_after_a_restart_where_it_was) {
  subscribe();
  happens(1, status_name::opprettet);
  pass(1s);
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET"));
  restart();
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET")) << "it had been taken";
  house.system.stop(dispatcher);
  happens(1, status_name::sendt);
  happens(2, status_name::opprettet);
  start();
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET", "SENDT", "OPPRETTET"));
}

TEST_F(webhook_delivery_test, sends_again_after_a_restart_what_was_not_answered) {
  subscribe();
  nobody_answers();
  happens(1, status_name::opprettet);
  pass(1s);
  all_answer(200);
  restart();
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET", "OPPRETTET"));
  EXPECT_EQ(subscribers.all[0].header("Knutepunkt-Event-Id"),
            subscribers.all[1].header("Knutepunkt-Event-Id"));
}

TEST_F(webhook_delivery_test, keeps_what_waits_and_its_order_over_a_restart) {
  subscribe();
  all_answer(422);
  happens(1, status_name::opprettet);
  happens(1, status_name::sendt);
  EXPECT_EQ(kept(record_kind::webhook_parked), 2u);
  all_answer(200);
  restart();
  happens(1, status_name::levert);
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET")) << "not before its pause is over";
  pass(15s);
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET", "OPPRETTET", "SENDT", "LEVERT"));
}

TEST_F(webhook_delivery_test, lets_a_slow_endpoint_hold_up_only_itself) {
  subscribe(hook);
  subscribe(other_hook);
  subscribers.answers = [](const fake_subscribers::posted& p) -> std::optional<webhook_outcome> {
    if (p.url == hook) return std::nullopt;
    return fake_subscribers::status(200);
  };
  for (unsigned n = 1; n <= 100; ++n) happens(n, status_name::opprettet);
  EXPECT_EQ(posted(hook).size(), webhook_limits{}.in_flight);
  EXPECT_EQ(posted(other_hook).size(), 100u);
  while (!subscribers.held.empty()) {
    subscribers.answer_next(200);
    house.system.run();
    EXPECT_LE(subscribers.held.size(), webhook_limits{}.in_flight);
  }
  EXPECT_EQ(posted(hook).size(), 100u);
}

TEST_F(webhook_delivery_test, only_probes_an_endpoint_that_fails_again_and_again) {
  subscribe();
  subscribers.answers = [](const auto&) { return fake_subscribers::unreachable(); };
  for (unsigned n = 1; n <= 50; ++n) happens(n, status_name::opprettet);
  EXPECT_EQ(subscribers.all.size(), 5u);
  EXPECT_EQ(kept(record_kind::webhook_parked), 5u) << "the rest waits in the feed";
  pass(1h, 5s);
  EXPECT_LT(subscribers.all.size(), 30u) << "in the end a probe every five minutes";
  EXPECT_GT(subscribers.all.size(), 12u);
  all_answer(200);
  subscribers.all.clear();
  pass(7min);
  EXPECT_EQ(subscribers.all.size(), 50u) << "everything, once, soon after it answers";
  EXPECT_EQ(kept(record_kind::webhook_parked), 0u);
}

TEST_F(webhook_delivery_test, gives_up_also_what_an_endpoint_that_is_down_was_never_tried_with) {
  const auto id = subscribe();
  subscribers.answers = [](const auto&) { return fake_subscribers::unreachable(); };
  for (unsigned n = 1; n <= 1000; ++n) happens(n, status_name::opprettet);
  pass(54h, 1min);
  EXPECT_EQ(dead_letters(id), 1000);
  EXPECT_EQ(kept(record_kind::webhook_parked), 0u);
}

TEST_F(webhook_delivery_test, pauses_when_the_endpoint_is_gone_until_it_is_updated) {
  const auto id = subscribe();
  all_answer(410);
  happens(1, status_name::opprettet);
  all_answer(200);
  happens(2, status_name::opprettet);
  pass(1h, 10s);
  restart();
  pass(1h, 10s);
  EXPECT_THAT(posted(), ElementsAre("OPPRETTET"));
  EXPECT_EQ(call(endpoint::update_subscription, id, R"({"name":"again"})").status, 200u);
  pass(1s);
  EXPECT_EQ(subscribers.all.size(), 3u);
  happens(3, status_name::opprettet);
  EXPECT_EQ(subscribers.all.size(), 4u);
}

TEST_F(webhook_delivery_test, shares_the_bound_of_the_organisation_and_leaves_everybody_one) {
  std::vector<std::string> hooks;
  for (int i = 0; i < 12; ++i) {
    hooks.push_back(fmt::format("http://127.0.0.1:98{:02}/hook", i));
    subscribe(hooks.back());
  }
  nobody_answers();
  for (unsigned n = 1; n <= 20; ++n) happens(n, status_name::opprettet);
  EXPECT_LE(subscribers.held.size(), 64u + hooks.size());
  EXPECT_GE(subscribers.held.size(), 64u);
  for (const auto& each : hooks) EXPECT_GE(posted(each).size(), 1u);
  while (!subscribers.held.empty()) {
    subscribers.answer_next(200);
    house.system.run();
  }
  for (const auto& each : hooks) EXPECT_EQ(posted(each).size(), 20u);
}

TEST_F(webhook_delivery_test, stores_the_cursor_and_what_failed_together) {
  subscribe();
  subscribers.answers = [](const fake_subscribers::posted& p) -> std::optional<webhook_outcome> {
    if (p.member("messageId") == message(2).to_string()) return fake_subscribers::status(422);
    return std::nullopt;
  };
  happens(1, status_name::opprettet);
  happens(2, status_name::opprettet);
  // 1 is in flight: the cursor stays before it, 2 is parked beyond it.
  all_answer(200);
  restart();
  EXPECT_EQ(subscribers.all.size(), 3u) << "1 again, 2 waits for its time";
  EXPECT_EQ(subscribers.all[2].member("messageId"), message(1).to_string());
  pass(15s);
  EXPECT_EQ(subscribers.all.size(), 4u);
  restart();
  pass(1min);
  EXPECT_EQ(subscribers.all.size(), 4u);
}

TEST_F(webhook_delivery_test, leaves_nothing_behind_of_a_subscription_that_is_deleted) {
  const auto id = subscribe();
  nobody_answers();
  happens(1, status_name::opprettet);
  all_answer(422);
  happens(2, status_name::opprettet);
  EXPECT_EQ(call(endpoint::remove_subscription, id).status, 200u);
  subscribers.answer_next(500);
  pass(5s);
  happens(3, status_name::opprettet);
  EXPECT_EQ(subscribers.all.size(), 2u);
  for (const auto kind : {record_kind::subscription, record_kind::webhook_progress,
                          record_kind::webhook_parked, record_kind::webhook_dead})
    EXPECT_EQ(kept(kind), 0u) << static_cast<int>(kind);
}

}  // namespace
}  // namespace kp::test
