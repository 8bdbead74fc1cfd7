#include "tests/tools/system/operators.hpp"

// kpctl against the real program.

namespace {

using namespace kp::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using kpctl = operators;

}  // namespace

TEST_F(kpctl, shows_organisations_channels_and_queues) {
  const auto all = ctl("organisations");
  EXPECT_EQ(all.status, 0);
  EXPECT_THAT(all.output, AllOf(HasSubstr("NUMBER"), HasSubstr(bergvik + "  UP"),
                                HasSubstr("Fjordnes"), HasSubstr(skogvik)));
  EXPECT_THAT(ctl("organisation " + bergvik).output,
              AllOf(HasSubstr("name: Bergvik"), HasSubstr("channels: arkiv barnevern")));
  EXPECT_THAT(ctl("channels " + bergvik).output,
              AllOf(HasSubstr("arkiv"), HasSubstr("bergvik-barnevern"), Not(HasSubstr("scrypt"))));
  EXPECT_THAT(ctl("queues " + bergvik).output, HasSubstr("Received and waiting: "));
  EXPECT_THAT(ctl("health").output, HasSubstr("readinessState"));
}

TEST_F(kpctl, tells_the_whole_history_of_a_message_on_both_sides) {
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  ASSERT_TRUE(until_status(arkiv, id, "MOTTATT"));
  const auto sent = ctl(fmt::format("message {} {}", bergvik, id));
  EXPECT_EQ(sent.status, 0);
  EXPECT_THAT(sent.output, AllOf(HasSubstr("the receiver has not confirmed it yet"),
                                 HasSubstr("OUTGOING DPO by channel arkiv"), HasSubstr("OPPRETTET"),
                                 HasSubstr("SENDT"), HasSubstr("MOTTATT")));
  EXPECT_THAT(ctl(fmt::format("message {} {}", fjordnes, id)).output,
              HasSubstr("It waits for a client of channel sak to fetch it."));
  take(sak, id);
  ASSERT_TRUE(until_status(arkiv, id, "LEVERT"));
  const auto value = json::parse(ctl(fmt::format("--json message {} {}", bergvik, id)).output);
  EXPECT_EQ(value.at("explanation"), "It has come to its end.");
  EXPECT_EQ(value.at("conversations").at(0).at("statuses").as_array().size(), 4u);
  EXPECT_NE(ctl(fmt::format("message {} {}", skogvik, id)).status, 0);
}

TEST_F(kpctl, says_why_a_message_is_not_delivered) {
  fault({{"endpoint", "initialize"},
         {"organisation", bergvik},
         {"kind", "status"},
         {"status", 503},
         {"count", 1}});
  const auto id = send_letter(arkiv, fjordnes);
  const auto asked = fmt::format("message {} {}", bergvik, id);
  EXPECT_TRUE(until([&] {
    return ctl(asked).output.find("One attempt to send the message failed") != std::string::npos;
  }));
  EXPECT_THAT(ctl(asked).output, AllOf(HasSubstr("503"), HasSubstr("NEXT ATTEMPT")));
  EXPECT_THAT(ctl("queues " + bergvik).output, HasSubstr(id));
}

TEST_F(kpctl, says_what_is_wrong_with_a_request) {
  const auto refused = ctl("organisations", "drift:wrong");
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.output, HasSubstr("kpctl: Give the credentials of a user in hub.yaml"));
  EXPECT_THAT(ctl("channels 123").output, HasSubstr("There is no organisation 123 in this hub"));
  EXPECT_THAT(ctl(fmt::format("message {} letter", bergvik)).output,
              HasSubstr("letter is no message id"));
  EXPECT_THAT(ctl("--url http://127.0.0.1:1 health").output, HasSubstr("http://127.0.0.1:1"));
  EXPECT_NE(ctl("nonsense").status, 0);
}
