#include "protocol/webhooks/filter.hpp"

#include <gtest/gtest.h>

namespace kp::webhooks {
namespace {

constexpr filtered arrived{"INNKOMMENDE_MOTTATT", service::dpo, direction::incoming};

TEST(webhook_filter, takes_what_the_grammar_says_and_nothing_else) {
  const struct {
    const char* text;
    bool valid;
  } cases[] = {
      {"status=LEVERT", true},
      {"status=LEVERT,FEIL", true},
      {"status=FEIL,LEVETID_UTLOPT&direction=INCOMING", true},
      {"serviceIdentifier=DPO&status=FEIL&direction=OUTGOING", true},
      {"status=FEIL&status=LEVERT", true},
      {"status=no such status", true},
      {"status==LEVERT", true},
      {"status=,", true},
      {"status=a b", true},
      {"", false},
      {"status", false},
      {"status=", false},
      {"=LEVERT", false},
      {"status!=LEVERT", false},
      {"Status=LEVERT", false},
      {"state=LEVERT", false},
      {" status=LEVERT", false},
      {"status =LEVERT", false},
      {"status=LEVERT&", false},
      {"&status=LEVERT", false},
      {"status=LEVERT&&direction=INCOMING", false},
      {"status=LEVERT&direction", false},
      {"status=LEVERT\n", false},
  };
  for (const auto& c : cases) EXPECT_EQ(filter::parse(c.text).has_value(), c.valid) << c.text;
}

TEST(webhook_filter, matches_when_every_part_has_a_value_that_fits) {
  const struct {
    const char* text;
    bool matches;
  } cases[] = {
      {"status=INNKOMMENDE_MOTTATT", true},
      {"status=innkommende_mottatt", true},
      {"status=FEIL,INNKOMMENDE_MOTTATT", true},
      {"status=FEIL,LEVETID_UTLOPT", false},
      {"status=INNKOMMENDE_MOTTAT&direction=INCOMING", false},
      {"direction=INCOMING", true},
      {"direction=outgoing", false},
      {"serviceIdentifier=dpo&direction=Incoming", true},
      {"serviceIdentifier=DPV&direction=INCOMING", false},
      {"status=FEIL&status=INNKOMMENDE_MOTTATT", false},
      {"status= INNKOMMENDE_MOTTATT", false},
      {"status==INNKOMMENDE_MOTTATT", false},
      {"status=,", false},
  };
  for (const auto& c : cases) {
    const auto parsed = filter::parse(c.text);
    ASSERT_TRUE(parsed) << c.text;
    EXPECT_EQ(parsed->matches(arrived), c.matches) << c.text;
  }
}

TEST(webhook_filter, lets_everything_through_when_there_is_none) {
  EXPECT_TRUE(filter().matches(arrived));
}

}  // namespace
}  // namespace kp::webhooks
