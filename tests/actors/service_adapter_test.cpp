#include "actors/service_adapter.hpp"

#include "fake_port.hpp"

// Sending and receiving over any port. The ladder of attempts and the rest of what the sender does
// is tested with DPO (dpo_sender_test.cpp), following in status_follower_test.cpp.

namespace kp::actors {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::status_name;
using test::letter;

letter arriving(std::string message = letter{}.message) {
  letter l;
  l.message = std::move(message);
  return l;
}

class service_sending : public test::service_adapter_test {};

TEST_F(service_sending, statuses_and_receipts_of_the_port_are_in_the_commit_that_ends_the_item) {
  auto receipt = letter::receipt(letter{}.message, "OK");
  port->outcome.statuses = {{status_name::levert, "mottatt", {}, house.system.time().now()}};
  port->outcome.arrivals.push_back({status_name::levert, receipt.parsed(), receipt.text()});
  begin();
  queue(letter{});
  ASSERT_EQ(port->sent.size(), 1u);
  EXPECT_EQ(port->sent[0].message->message, letter{}.id());
  EXPECT_EQ(statuses(letter{}), "OPPRETTET SENDT LEVERT");
  EXPECT_EQ(house.last_status(direction::outgoing, letter{}.id()).description, "mottatt");
  EXPECT_TRUE(house.context->inbox.find(receipt.id())->has_value());
  EXPECT_FALSE(house.context->messages.find(letter{}.id())->has_value());
  EXPECT_FALSE(is_followed(letter{}));
  EXPECT_EQ(house.expiry_nudges, 1);
}

TEST_F(service_sending, a_refusal_is_feil_in_the_name_of_the_service) {
  port->send_failure = permanent(http::http_errc::refused, "HTTP 400");
  begin();
  queue(letter{});
  EXPECT_EQ(statuses(letter{}), "OPPRETTET FEIL");
  const auto last = house.last_status(direction::outgoing, letter{}.id());
  EXPECT_EQ(last.description,
            "Request to receiver '910075918' failed delivery over DPF - Moved to DLQ");
  EXPECT_EQ(last.raw_receipt, "HTTP 400");
}

TEST_F(service_sending, new_settings_bring_a_new_port) {
  begin();
  const auto next = std::make_shared<test::fake_port>(via, house.system.time());
  settings_changed news{house.context, {}, {{via, next}}};
  caf::anon_send(adapter, news);
  queue(letter{});
  EXPECT_TRUE(port->sent.empty());
  EXPECT_EQ(next->sent.size(), 1u);
}

TEST_F(service_sending, what_waits_when_sending_is_paused_is_sent_afterwards) {
  begin(working_mode::receiving_only);
  queue(letter{});
  pass(minutes(5));
  EXPECT_TRUE(port->sent.empty());
  caf::anon_send(adapter, work_as{working_mode::normal});
  house.system.run();
  EXPECT_EQ(statuses(letter{}), "OPPRETTET SENDT");
}

TEST_F(service_sending, it_is_idle_when_all_its_parts_are) {
  begin(working_mode::sending_only);
  EXPECT_TRUE(house.system.ask<idle_answer>(adapter, are_you_idle{})->idle);
}

class service_receiving : public test::service_adapter_test {
 protected:
  void arrives(const std::string& id, const letter& content) {
    port->arrivals.push_back({waiting{id, {}, "910075918"}, content});
  }
  std::string arrived(const letter& l) const { return house.statuses(direction::incoming, l.id()); }
  std::optional<storage::transfer> on_record(const std::string& id) const {
    return *house.context->transfers(via).find(id);
  }
};

TEST_F(service_receiving, an_arrival_is_stored_then_confirmed_then_forgotten) {
  arrives("a", arriving());
  begin();
  EXPECT_EQ(arrived(arriving()), "OPPRETTET INNKOMMENDE_MOTTATT");
  EXPECT_EQ(port->operator[]("a").confirmed, taken::stored);
  EXPECT_FALSE(on_record("a"));
  const auto stored = *house.context->inbox.find(arriving().id());
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->via, via);
  EXPECT_EQ(stored->channel, test::arkiv);
}

TEST_F(service_receiving,
       a_quiet_organisation_is_asked_after_seldom_until_something_goes_or_comes) {
  port->what_rules.poll_interval = seconds(15);
  port->what_rules.quiet_poll_interval = minutes(5);
  begin();
  pass(minutes(60), seconds(1));
  const auto quiet = port->lists;
  EXPECT_GE(quiet, 20u);
  EXPECT_LE(quiet, 50u);  // instead of 240
  pass(minutes(60), seconds(1));
  EXPECT_LE(port->lists - quiet, 14u);

  arrives("a", arriving());
  for (int at_most = 0; at_most < 33 && !port->operator[]("a").confirmed; ++at_most)
    pass(seconds(10), seconds(1));
  EXPECT_EQ(port->operator[]("a").confirmed, taken::stored);
  const auto before = port->lists;
  pass(minutes(2), seconds(1));
  EXPECT_GE(port->lists - before, 7u) << "one came: the usual pace again";

  pass(hours(2), seconds(1));
  const auto then = port->lists;
  queue(letter{});
  ASSERT_EQ(port->sent.size(), 1u);
  pass(minutes(2), seconds(1));
  EXPECT_GE(port->lists - then, 7u) << "one went, and an answer may come";
}

TEST_F(service_receiving, without_a_quiet_pace_of_its_own_a_service_is_asked_at_the_usual_one) {
  port->what_rules.poll_interval = seconds(15);
  begin();
  pass(hours(2), seconds(1));
  EXPECT_GE(port->lists, 430u);
}

TEST_F(service_receiving, a_new_quiet_pace_is_taken_up) {
  port->what_rules.poll_interval = seconds(15);
  port->what_rules.quiet_poll_interval = hours(1);
  begin();
  pass(hours(12), seconds(10));
  const auto next = std::make_shared<test::fake_port>(via, house.system.time());
  next->what_rules.poll_interval = next->what_rules.quiet_poll_interval = seconds(15);
  settings_changed news{house.context, {}, {{via, next}}};
  caf::anon_send(adapter, news);
  house.system.run();
  pass(minutes(2), seconds(1));
  EXPECT_GE(next->lists, 6u);
  EXPECT_TRUE(port->stopped) << "what it has locked is not kept from the next one";
  EXPECT_FALSE(next->stopped);
}

TEST_F(service_receiving, what_was_stored_before_a_crash_is_confirmed_and_not_fetched_again) {
  arrives("a", arriving());
  port->operator[]("a").confirm_failure = transient(http::http_errc::unavailable, "HTTP 503");
  begin();
  EXPECT_TRUE(on_record("a"));
  restart();
  port->operator[]("a").confirm_failure.reset();
  pass(minutes(3));
  EXPECT_EQ(port->operator[]("a").confirmed, taken::stored);
  EXPECT_EQ(port->operator[]("a").fetches, 1u);
  EXPECT_FALSE(on_record("a"));
  EXPECT_EQ(arrived(arriving()), "OPPRETTET INNKOMMENDE_MOTTATT");
}

TEST_F(service_receiving, a_repeat_of_a_message_is_confirmed_and_stored_once) {
  arrives("a", arriving());
  arrives("b", arriving());
  begin();
  EXPECT_EQ(port->operator[]("b").confirmed, taken::stored);
  EXPECT_EQ(arrived(arriving()), "OPPRETTET INNKOMMENDE_MOTTATT");
}

TEST_F(service_receiving, without_a_channel_that_receives_arrivals_are_left_alone) {
  auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
  settings->channels.front().receives.erase(via);
  house.use(std::move(settings));
  arrives("a", arriving());
  begin();
  pass(minutes(5));
  EXPECT_EQ(port->operator[]("a").fetches, 0u);
  EXPECT_FALSE(port->operator[]("a").confirmed);
}

TEST_F(service_receiving, a_broken_arrival_is_given_up_after_its_tries_and_the_service_is_told) {
  arrives("a", arriving());
  arrives("b", arriving("bb88849c-e281-4809-8555-7cd54952b916"));
  port->operator[]("a").verdict = fetch_verdict::unusable;
  begin();
  EXPECT_EQ(port->operator[]("b").confirmed, taken::stored);  // it holds up nobody
  EXPECT_EQ(port->operator[]("a").fetches, 1u);
  pass(minutes(10));
  restart();  // the count survives
  pass(hours(1), seconds(5));
  EXPECT_EQ(port->operator[]("a").fetches, port->what_rules.tries);
  EXPECT_EQ(port->operator[]("a").confirmed, taken::unusable);
  EXPECT_EQ(on_record("a")->state, storage::transfer_state::left_alone);
}

TEST_F(service_receiving, a_download_that_fails_is_tried_again_without_end) {
  arrives("a", arriving());
  port->operator[]("a").verdict = fetch_verdict::failed;
  begin();
  pass(hours(12), seconds(30));
  EXPECT_GT(port->operator[]("a").fetches, port->what_rules.tries);
  port->operator[]("a").verdict = fetch_verdict::arrived;
  pass(hours(2), seconds(30));
  EXPECT_EQ(port->operator[]("a").confirmed, taken::stored);
}

TEST_F(service_receiving, what_is_no_message_is_confirmed_unread) {
  arrives("a", arriving());
  port->operator[]("a").verdict = fetch_verdict::discard;
  begin();
  EXPECT_EQ(port->operator[]("a").confirmed, taken::discarded);
  EXPECT_EQ(arrived(arriving()), "no conversation");
}

TEST_F(service_receiving, a_service_that_fails_is_asked_ever_more_seldom_and_then_as_before) {
  port->list_failure = transient(http::http_errc::unavailable, "HTTP 503");
  begin();
  pass(hours(1), seconds(1));
  EXPECT_GE(port->lists, 10u);
  EXPECT_LE(port->lists, 18u);  // every five minutes at last, instead of every one
  port->list_failure.reset();
  pass(minutes(6), seconds(1));
  const auto before = port->lists;
  pass(minutes(10), seconds(1));
  EXPECT_NEAR(static_cast<double>(port->lists - before), 10, 2);
}

TEST_F(service_receiving, rest_is_given_when_it_is_asked_for) {
  auto why = transient(http::http_errc::rate_limited, "HTTP 429");
  why.retry_after = seconds(900);
  port->list_failure = why;
  begin();
  pass(seconds(890));
  EXPECT_EQ(port->lists, 1u);
}

TEST_F(service_receiving, a_pause_of_receiving_asks_for_nothing) {
  arrives("a", arriving());
  begin(working_mode::sending_only);
  pass(minutes(10));
  EXPECT_EQ(port->lists, 0u);
  caf::anon_send(adapter, work_as{working_mode::normal});
  house.system.run();
  EXPECT_EQ(port->operator[]("a").confirmed, taken::stored);
}

}  // namespace
}  // namespace kp::actors
