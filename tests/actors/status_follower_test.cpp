#include "actors/status_follower.hpp"

#include "fake_port.hpp"

namespace kp::actors {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::status_name;
using test::letter;

class status_follower_test : public test::service_adapter_test {
 protected:
  status_follower_test() { port->outcome.follow = true; }

  static letter outgoing(std::string message = letter{}.message) {
    letter l;
    l.message = std::move(message);
    return l;
  }
  storage::status_change at_once(status_name name) {
    return {name, {}, {}, house.system.time().now()};
  }
  progress fares(const letter& l, std::vector<status_name> names, bool ended = false) {
    progress p{l.id()};
    for (const auto name : names) p.statuses.push_back(at_once(name));
    p.ended = ended;
    return p;
  }
  void service_says(const letter& l, std::vector<status_name> names, bool ended = false) {
    port->fares.insert_or_assign(l.id(), fares(l, std::move(names), ended));
  }
};

TEST(follow_pause_test, grows_in_a_straight_line_to_its_longest) {
  const follow_pace pace;
  EXPECT_EQ(follow_pause(pace, hours(0)), minutes(1));
  EXPECT_EQ(follow_pause(pace, hours(15 * 24)), seconds(1830));
  EXPECT_EQ(follow_pause(pace, hours(30 * 24)), hours(1));
  EXPECT_EQ(follow_pause(pace, hours(300 * 24)), hours(1));
  EXPECT_EQ(follow_pause(pace, -hours(1)), minutes(1));  // the clock was set back
}

TEST_F(status_follower_test, what_the_service_says_is_registered_in_order_until_it_ends) {
  begin();
  queue(outgoing());
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT");
  EXPECT_TRUE(port->asked.empty());
  service_says(outgoing(), {});
  pass(minutes(3));
  EXPECT_GE(port->asked.size(), 2u);
  EXPECT_EQ(port->asked[0].which[0].external_id, "external-1");
  service_says(outgoing(), {status_name::levert});
  pass(minutes(2));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT LEVERT");
  EXPECT_TRUE(is_followed(outgoing()));
  service_says(outgoing(), {status_name::levert, status_name::lest}, true);
  pass(minutes(2));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT LEVERT LEST");
  EXPECT_FALSE(is_followed(outgoing()));
  const auto questions = port->asked.size();
  pass(hours(2), seconds(10));
  EXPECT_EQ(port->asked.size(), questions);
}

TEST_F(status_follower_test, a_message_is_asked_for_ever_more_seldom) {
  begin();
  queue(outgoing());
  service_says(outgoing(), {status_name::levert});
  pass(hours(2), seconds(5));
  const auto first_hours = port->asked.size();
  EXPECT_GE(first_hours, 90u);
  EXPECT_LE(first_hours, 130u);
  pass(hours(31 * 24), minutes(2));
  const auto month = port->asked.size();
  pass(hours(24), minutes(1));
  EXPECT_GE(port->asked.size() - month, 21u);
  EXPECT_LE(port->asked.size() - month, 27u);
}

TEST_F(status_follower_test, nothing_is_asked_when_a_message_has_become_too_old) {
  port->what_rules.pace.give_up_after = hours(5);
  begin();
  queue(outgoing());
  service_says(outgoing(), {status_name::levert});
  pass(hours(6), seconds(10));
  EXPECT_FALSE(is_followed(outgoing()));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT LEVERT");
}

TEST_F(status_follower_test, it_is_followed_on_after_a_restart) {
  begin();
  queue(outgoing());
  restart();
  service_says(outgoing(), {status_name::levert});
  pass(minutes(2));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT LEVERT");
}

TEST_F(status_follower_test, a_conversation_that_its_client_deletes_is_followed_no_more) {
  begin();
  queue(outgoing());
  const auto c = house.context->conversations.find(direction::outgoing, outgoing().id());
  storage::batch changes;
  house.context->conversations.remove(changes, **c);
  house.commit(changes);
  service_says(outgoing(), {status_name::levert});
  pass(minutes(2));
  EXPECT_FALSE(is_followed(outgoing()));
}

TEST_F(status_follower_test, an_end_that_came_otherwise_ends_the_questions) {
  begin();
  queue(outgoing());
  service_says(outgoing(), {status_name::levert, status_name::lest});
  pass(minutes(2));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT LEVERT LEST");
  EXPECT_FALSE(is_followed(outgoing()));  // although the port has not said so
}

TEST_F(status_follower_test, one_that_cannot_be_asked_holds_up_no_other) {
  const auto other = outgoing("bb88849c-e281-4809-8555-7cd54952b916");
  begin();
  queue(outgoing());
  queue(other);
  auto broken = fares(outgoing(), {});
  broken.failure = transient(http::http_errc::bad_answer, "not JSON");
  port->fares.insert_or_assign(outgoing().id(), broken);
  service_says(other, {status_name::levert});
  pass(minutes(2));
  EXPECT_EQ(statuses(other), "OPPRETTET SENDT LEVERT");
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT");
  EXPECT_EQ((*tracking().find(outgoing().id()))->last_error, "not JSON");
  service_says(outgoing(), {status_name::levert});
  pass(minutes(5));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT LEVERT");
  EXPECT_EQ((*tracking().find(outgoing().id()))->failures, 0u);
}

TEST_F(status_follower_test, an_outage_is_waited_out_as_long_as_the_service_asks) {
  begin();
  queue(outgoing());
  auto why = transient(http::http_errc::rate_limited, "HTTP 429");
  why.retry_after = seconds(600);
  port->follow_failure = why;
  pass(minutes(10));
  EXPECT_EQ(port->asked.size(), 1u);
  port->follow_failure.reset();
  service_says(outgoing(), {status_name::levert});
  pass(minutes(3));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT LEVERT");
}

TEST_F(status_follower_test, many_are_asked_for_in_batches) {
  port->what_rules.follow_batch = 4;
  begin();
  std::vector<letter> all;
  for (int i = 0; i < 10; ++i) {
    all.push_back(outgoing(house.random->uuid()));
    queue(all.back());
    service_says(all.back(), {status_name::levert}, true);
  }
  pass(minutes(2));
  for (const auto& each : all) EXPECT_EQ(statuses(each), "OPPRETTET SENDT LEVERT");
  for (const auto& question : port->asked) EXPECT_LE(question.which.size(), 4u);
}

TEST_F(status_follower_test, nothing_is_asked_while_receiving_is_paused) {
  begin(working_mode::sending_only);
  queue(outgoing());
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT");
  pass(minutes(10));
  EXPECT_TRUE(port->asked.empty());
  caf::anon_send(adapter, work_as{working_mode::normal});
  house.system.run();
  EXPECT_EQ(port->asked.size(), 1u);
}

TEST_F(status_follower_test, a_question_that_is_never_answered_is_put_again) {
  port->hold_answers = true;
  begin();
  queue(outgoing());
  pass(minutes(10), seconds(1));
  EXPECT_EQ(port->asked.size(), 1u);
  port->hold_answers = false;
  service_says(outgoing(), {status_name::levert});
  pass(minutes(25), seconds(1));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT LEVERT");
}

TEST_F(status_follower_test, the_port_may_learn_the_id_later) {
  port->outcome.external_id.clear();
  port->outcome.memo = "resource";
  begin();
  queue(outgoing());
  auto found = fares(outgoing(), {});
  found.external_id = "found-7";
  port->fares.insert_or_assign(outgoing().id(), found);
  pass(minutes(3));
  EXPECT_EQ(port->asked.front().which[0].memo, "resource");
  EXPECT_EQ(port->asked.back().which[0].external_id, "found-7");
  EXPECT_EQ(port->asked.back().which[0].memo, "resource");
}

TEST_F(status_follower_test, a_generated_receipt_comes_once_into_the_inbox_of_the_sender) {
  begin();
  queue(outgoing(), test::fag);
  auto said = fares(outgoing(), {status_name::levert});
  auto receipt = letter::receipt(outgoing().message, "OK");
  said.arrivals.push_back({status_name::levert, receipt.parsed(), receipt.text()});
  port->fares.insert_or_assign(outgoing().id(), said);
  pass(minutes(4));
  EXPECT_GE(port->asked.size(), 2u);
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT LEVERT");  // the receipt says no LEST of it
  EXPECT_EQ(house.statuses(direction::incoming, receipt.id()), "OPPRETTET INNKOMMENDE_MOTTATT");
  const auto arrived = house.context->inbox.find(receipt.id());
  ASSERT_TRUE(arrived && *arrived);
  EXPECT_EQ((*arrived)->channel, test::fag);
  EXPECT_EQ((*arrived)->via, via);
  EXPECT_EQ(house.expiry_nudges, 1);
}

}  // namespace
}  // namespace kp::actors
