#include "tests/tools/system/operators.hpp"

// What an operator does about single messages, and about a service as a whole.

namespace {

using namespace kp::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class stepping_in : public operators {
 protected:
  void TearDown() override {
    if (here) ctl("resume " + bergvik + " DPO", watch_user);
    operators::TearDown();
  }
  // A letter whose first attempts fail.
  std::string stuck_letter() {
    fault({{"endpoint", "initialize"},
           {"organisation", bergvik},
           {"kind", "status"},
           {"status", 503},
           {"count", 1}});
    const auto id = send_letter(arkiv, fjordnes);
    EXPECT_TRUE(until([&] { return state_of(id) == "retrying"; }));
    return id;
  }
  std::string state_of(const std::string& id) const {
    const auto story = admin(operator_user, "GET", bergvik + "/messages/" + id).json();
    boost::system::error_code missing;
    const auto* state = story.find_pointer("/outbox/0/state", missing);
    return state ? std::string(state->as_string()) : std::string();
  }
  std::string explanation(const std::string& id) const {
    return admin(operator_user, "GET", bergvik + "/messages/" + id).text("explanation");
  }
  tool_result order(const std::string& what, const std::string& id,
                    const std::string& more = {}) const {
    return ctl(fmt::format("{} {} {} {}", what, bergvik, id, more), watch_user);
  }
};

}  // namespace

TEST_F(stepping_in, retries_a_message_at_once_that_would_wait) {
  const auto id = stuck_letter();
  EXPECT_THAT(ctl("messages " + bergvik + " --state retrying --channel arkiv").output,
              AllOf(HasSubstr(id), HasSubstr("503")));
  EXPECT_THAT(ctl("messages " + bergvik + " --channel barnevern").output, Not(HasSubstr(id)));
  const auto retried = order("retry", id);
  EXPECT_EQ(retried.status, 0) << retried.output;
  EXPECT_THAT(retried.output, HasSubstr("is due now"));
  EXPECT_TRUE(until_status(arkiv, id, "SENDT", std::chrono::seconds(10)));
}

TEST_F(stepping_in, parks_a_message_until_it_is_unparked_also_across_a_restart) {
  const auto id = stuck_letter();
  EXPECT_EQ(order("park", id, "--reason 'wrong receiver?'").status, 0);
  EXPECT_THAT(explanation(id), AllOf(HasSubstr("has been parked by vakt from 127.0.0.1"),
                                     HasSubstr("wrong receiver?")));
  EXPECT_EQ(here->hub().stop(), 0);
  ASSERT_TRUE(here->start_hub());
  EXPECT_EQ(state_of(id), "parked");
  EXPECT_THAT(ctl("messages " + bergvik + " --state parked").output,
              AllOf(HasSubstr(id), HasSubstr("vakt")));
  EXPECT_EQ(order("unpark", id).status, 0);
  EXPECT_TRUE(until_status(arkiv, id, "SENDT", std::chrono::seconds(10)));
  EXPECT_THAT(order("retry", id).output, HasSubstr("in a queue"));
}

TEST_F(stepping_in, deletes_a_message_and_tells_its_sender_why) {
  const auto id = stuck_letter();
  EXPECT_NE(order("delete", id).status, 0);  // without a reason
  EXPECT_EQ(state_of(id), "retrying");
  const auto deleted = order("delete", id, "--reason 'sent twice'");
  EXPECT_EQ(deleted.status, 0) << deleted.output;
  EXPECT_TRUE(until_status(arkiv, id, "FEIL"));
  const auto all = here->api(arkiv, "GET", "/api/statuses/" + id).body;
  EXPECT_THAT(all, HasSubstr("Deleted by an operator of the hub: sent twice"));
  EXPECT_EQ(here->api(arkiv, "GET", "/api/messages/out/" + id).status, 404u);
  EXPECT_THAT(ctl("messages " + bergvik + " --state failed").output,
              AllOf(HasSubstr(id), HasSubstr("sent twice")));
  EXPECT_EQ(explanation(id), "It has come to its end.");
}

TEST_F(stepping_in, pauses_sending_and_what_waits_goes_when_it_is_resumed) {
  const auto paused = ctl("pause " + bergvik + " DPO --sending --reason storm", watch_user);
  EXPECT_EQ(paused.status, 0) << paused.output;
  EXPECT_THAT(paused.output, AllOf(HasSubstr("paused"), HasSubstr("on"), HasSubstr("storm")));
  const auto id = send_letter(arkiv, fjordnes);
  const auto came = send_letter(sak, bergvik);
  EXPECT_TRUE(until_arrived(arkiv, came));  // receiving goes on
  take(arkiv, came);
  EXPECT_THAT(explanation(id), HasSubstr("Sending by DPO has been paused by vakt"));
  EXPECT_EQ(state_of(id), "waiting");
  EXPECT_THAT(ctl("organisations").output, HasSubstr("DPO sending"));
  EXPECT_THAT(ctl("organisation " + bergvik).output, HasSubstr("DEGRADED"));

  EXPECT_EQ(here->hub().stop(), 0);
  ASSERT_TRUE(here->start_hub());
  const auto other = send_letter(sak, bergvik);
  EXPECT_TRUE(until_arrived(arkiv, other));
  take(arkiv, other);
  EXPECT_EQ(state_of(id), "waiting");
  EXPECT_EQ(ctl("resume " + bergvik + " DPO", watch_user).status, 0);
  EXPECT_TRUE(until_status(arkiv, id, "SENDT", std::chrono::seconds(10)));
  EXPECT_THAT(ctl("organisations").output, Not(HasSubstr("DPO sending")));
}

TEST_F(stepping_in, pauses_receiving_and_what_came_meanwhile_is_fetched_when_it_is_resumed) {
  ASSERT_EQ(ctl("pause " + bergvik + " DPO --receiving", watch_user).status, 0);
  const auto id = send_letter(sak, bergvik);
  ASSERT_TRUE(until_status(sak, id, "SENDT"));
  const auto out = send_letter(arkiv, fjordnes);  // sending goes on
  EXPECT_TRUE(until_status(arkiv, out, "SENDT"));
  EXPECT_EQ(count_in_inbox(arkiv, id), 0);
  ASSERT_EQ(ctl("resume " + bergvik + " DPO --receiving", watch_user).status, 0);
  EXPECT_TRUE(until_arrived(arkiv, id));
  take(arkiv, id);
}

TEST_F(stepping_in, is_for_operators_and_says_what_is_wrong) {
  const auto id = new_uuid();
  for (const auto* what : {"retry", "park", "unpark"}) {
    const auto refused = ctl(fmt::format("{} {} {}", what, bergvik, id));
    EXPECT_THAT(refused.output, HasSubstr("needs the role operate"));
    EXPECT_THAT(order(what, id).output, HasSubstr("has no message " + id));
  }
  EXPECT_THAT(ctl(fmt::format("delete {} {} --reason x", bergvik, id)).output,
              HasSubstr("needs the role operate"));
  EXPECT_THAT(ctl("pause " + bergvik + " DPO").output, HasSubstr("needs the role operate"));
  EXPECT_THAT(order("park", "letter").output, HasSubstr("letter is no message id"));
  EXPECT_THAT(ctl("pause " + bergvik + " DPX", watch_user).output,
              HasSubstr("has not enabled a service DPX"));
  EXPECT_THAT(ctl("messages " + bergvik + " --state late").output,
              HasSubstr("There is no state late"));
  EXPECT_EQ(admin(operator_user, "GET", bergvik + "/messages?size=501").status, 400u);
  EXPECT_EQ(
      admin(watch_user, "POST", bergvik + "/services/DPO/pause", "{\"sending\": false}").status,
      400u);
  EXPECT_THAT(ctl("services " + bergvik).output, AllOf(HasSubstr("DPO"), HasSubstr("on")));
}

TEST_F(stepping_in, sees_the_subscriptions_and_none_of_their_secrets) {
  const auto made = here->api(
      arkiv, "POST", "/api/subscriptions", {{"Content-Type", "application/json"}},
      R"({"name": "arkiv", "pushEndpoint": "https://example.com/hook/s3cret", "resource": "all", "event": "all"})");
  ASSERT_EQ(made.status, 200u) << made.body;
  const auto shown = ctl("webhooks " + bergvik).output;
  EXPECT_THAT(shown, AllOf(HasSubstr("https://example.com/…"), Not(HasSubstr("s3cret"))));
  const auto id = made.json().at("id");
  EXPECT_LT(here->api(arkiv, "DELETE", "/api/subscriptions/" + json::serialize(id)).status, 300u);
}
