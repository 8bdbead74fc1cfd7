#include "tests/tools/system/operators.hpp"

#include <atomic>
#include <thread>

// Inbound seats, moved by an operator while the hub runs.

namespace {

using namespace kp::test;
using testing::AllOf;
using testing::HasSubstr;

class moving_a_seat : public operators {
 protected:
  void TearDown() override {
    if (here)
      EXPECT_EQ(
          admin(watch_user, "DELETE", bergvik + "/seats/DPO", "{\"waiting_moves\": false}").status,
          200u);
    operators::TearDown();
  }
  std::string holder() const {
    const auto all = admin(operator_user, "GET", bergvik + "/seats").json();
    return std::string(all.at("seats").at(0).at("holder").as_string());
  }
  rest_answer move(const std::string& channel, bool waiting_moves = true) const {
    return admin(
        watch_user, "POST", bergvik + "/seats/DPO",
        fmt::format("{{\"channel\": \"{}\", \"waiting_moves\": {}}}", channel, waiting_moves));
  }
};

}  // namespace

TEST_F(moving_a_seat, loses_nothing_and_delivers_nothing_twice_while_letters_arrive) {
  const auto peeked = send_letter(sak, bergvik);
  ASSERT_TRUE(until_arrived(arkiv, peeked));
  ASSERT_TRUE(lock(arkiv, peeked));

  std::vector<std::string> letters;
  std::atomic<bool> done = false;
  std::jthread sender([&] {
    for (int i = 0; i < 6; ++i) letters.push_back(send_letter(sak, bergvik));
    done = true;
  });
  for (int i = 0; !done || i % 2 == 0; ++i) {
    const auto moved = move(i % 2 == 0 ? "barnevern" : "arkiv");
    EXPECT_EQ(moved.status, 200u) << moved.body;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // for letters between two moves
  }
  sender.join();
  ASSERT_EQ(move("barnevern").status, 200u);
  EXPECT_EQ(holder(), "barnevern");

  for (const auto& letter : letters) {
    ASSERT_TRUE(until_arrived(barnevern, letter));
    EXPECT_TRUE(until([&] { return count_in_inbox(arkiv, letter) == 0; }));
    EXPECT_EQ(count_in_inbox(barnevern, letter), 1);
  }
  // Who peeked it still has it, and nobody else.
  EXPECT_EQ(count_in_inbox(barnevern, peeked), 0);
  EXPECT_EQ(here->api(arkiv, "GET", "/api/messages/in/pop/" + peeked).status, 200u);
  EXPECT_EQ(here->api(arkiv, "DELETE", "/api/messages/in/" + peeked).status, 200u);
  for (const auto& letter : letters) {
    take(barnevern, letter);
    EXPECT_TRUE(until_status(sak, letter, "LEVERT"));
    EXPECT_EQ(count_in_inbox(barnevern, letter) + count_in_inbox(arkiv, letter), 0);
  }
}

TEST_F(moving_a_seat, is_told_by_kpctl_and_logged_with_who_did_it) {
  const auto from = here->hub().log().size();
  const auto moved = ctl(fmt::format("seat move {} DPO barnevern", bergvik), watch_user);
  EXPECT_EQ(moved.status, 0) << moved.output;
  EXPECT_THAT(moved.output, HasSubstr("channel barnevern receives now, instead of channel arkiv"));
  EXPECT_THAT(ctl("seats " + bergvik).output,
              AllOf(HasSubstr("RECEIVES"), HasSubstr("vakt from 127.0.0.1")));
  const auto log = here->hub().log(from);
  EXPECT_THAT(log, AllOf(HasSubstr("inbound seat moved"), HasSubstr("\"user\":\"vakt\""),
                         HasSubstr("an operator changed something"), HasSubstr("/seats/DPO")));
  const auto back = ctl(fmt::format("--json seat give-back {} DPO", bergvik), watch_user);
  EXPECT_EQ(json::parse(back.output).at("to"), "arkiv") << back.output;
  EXPECT_EQ(holder(), "arkiv");
}

TEST_F(moving_a_seat, survives_a_restart) {
  ASSERT_EQ(move("barnevern").status, 200u);
  EXPECT_EQ(here->hub().stop(), 0);
  ASSERT_TRUE(here->start_hub());
  EXPECT_EQ(holder(), "barnevern");
  const auto letter = send_letter(sak, bergvik);
  EXPECT_TRUE(until_arrived(barnevern, letter));
  take(barnevern, letter);
}

TEST_F(moving_a_seat, is_refused_to_who_may_only_look_and_where_it_makes_no_sense) {
  const auto refused = ctl(fmt::format("seat move {} DPO barnevern", bergvik));
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.output, HasSubstr("needs the role operate"));
  EXPECT_EQ(holder(), "arkiv");
  EXPECT_THAT(ctl(fmt::format("seat move {} DPO kemner", bergvik), watch_user).output,
              HasSubstr("has no channel \"kemner\""));
  EXPECT_THAT(ctl(fmt::format("seat move {} DPX arkiv", bergvik), watch_user).output,
              HasSubstr("There is no inbound seat of a service DPX"));
  EXPECT_THAT(ctl("seat move 123 DPO arkiv", watch_user).output,
              HasSubstr("There is no organisation 123"));
  const auto path = bergvik + "/seats/DPO";
  EXPECT_THAT(admin(watch_user, "POST", path, "{\"chanel\": \"arkiv\"}").text("message"),
              HasSubstr("known are: channel, waiting_moves"));
  EXPECT_EQ(admin(watch_user, "POST", path, "{}").status, 400u);
  EXPECT_EQ(admin(watch_user, "POST", path, "[1]").status, 400u);
  EXPECT_EQ(admin(watch_user, "POST", path, "{\"channel\": 7}").status, 400u);
}
