#include "actors/alert_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace kp;
using namespace kp::actors;
using namespace std::chrono_literals;
using storage::alert_kind;
using storage::status_name;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto hamar = organisation_id::from_number(910077473);
constexpr auto oslo = organisation_id::from_number(991825827);
constexpr time_point start{std::chrono::seconds(1'772'000'000)};

class rules_for_alerts : public testing::Test {
 protected:
  static void add(tally_part& to, status_name name, time_point at, organisation_id whose = hamar,
                  direction way = direction::outgoing, std::optional<std::string> why = {}) {
    storage::channel_event event;
    event.kind = storage::event_kind::status;
    event.at = at;
    event.way = way;
    event.via = service::dpo;
    event.name = name;
    event.message = *message_id::parse("00000000-0000-4000-8000-00000000000a");
    event.description = std::move(why);
    to.count(whose, event);
  }
  static tally_part one(status_name name, time_point at) {
    tally_part part;
    add(part, name, at);
    return part;
  }
  std::vector<storage::alert> judge(const tally_part& part, time_point now) {
    storage::batch b;
    auto out = rules.judge(b, part, now);
    noted = !b.empty();
    return out;
  }
  std::vector<alert_kind> kinds(const tally_part& part, time_point now) {
    std::vector<alert_kind> all;
    for (const auto& each : judge(part, now)) all.push_back(each.kind);
    return all;
  }
  alert_rules rules{alert_settings{}};
  bool noted = false;
};

}  // namespace

TEST_F(rules_for_alerts, tell_of_failed_and_expired_messages_together) {
  tally_part part;
  for (int i = 0; i < 12; ++i)
    add(part, status_name::feil, start, hamar, direction::outgoing,
        i == 1 ? std::optional<std::string>("refused for 17912099997") : std::nullopt);
  add(part, status_name::levetid_utlopt, start, oslo, direction::incoming);
  add(part, status_name::levert, start);
  const auto all = judge(part, start);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].kind, alert_kind::failed);
  EXPECT_EQ(all[0].organisation, hamar);
  EXPECT_EQ(all[0].via, service::dpo);
  EXPECT_EQ(all[0].count, 12u);
  EXPECT_EQ(all[0].messages.size(), tally_part::most_messages);
  EXPECT_EQ(all[0].description, "refused for ***********");
  EXPECT_EQ(all[1].kind, alert_kind::expired);
  EXPECT_EQ(all[1].way, direction::incoming);
  EXPECT_THAT(judge({}, start + 1h), IsEmpty());
}

TEST_F(rules_for_alerts, are_silent_about_what_operators_do_not_want_to_know) {
  alert_settings few;
  few.failed = false;
  few.nothing_delivered = 0h;
  rules = alert_rules(few);
  tally_part part;
  add(part, status_name::feil, start);
  add(part, status_name::levetid_utlopt, start);
  add(part, status_name::sendt, start);
  EXPECT_THAT(kinds(part, start), ElementsAre(alert_kind::expired));
  EXPECT_THAT(judge({}, start + 1000h), IsEmpty());
}

TEST_F(rules_for_alerts, tell_once_when_nothing_is_delivered_and_once_when_it_is_again) {
  EXPECT_THAT(judge(one(status_name::sendt, start), start), IsEmpty());
  EXPECT_THAT(judge({}, start + 23h), IsEmpty());
  const auto told = judge({}, start + 25h + 1min);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind, alert_kind::silence);
  EXPECT_LE(told[0].since, start);
  EXPECT_TRUE(noted);
  EXPECT_THAT(judge(one(status_name::sendt, start + 30h), start + 30h), IsEmpty());
  EXPECT_FALSE(noted);
  EXPECT_THAT(kinds(one(status_name::levert, start + 40h), start + 40h),
              ElementsAre(alert_kind::silence_ended));
  EXPECT_TRUE(noted);
  EXPECT_THAT(judge({}, start + 400h), IsEmpty());
}

TEST_F(rules_for_alerts, begin_anew_at_the_first_message_after_a_delivery) {
  tally_part part;
  add(part, status_name::sendt, start);
  add(part, status_name::lest, start + 2h);
  add(part, status_name::sendt, start + 5h);
  EXPECT_THAT(judge(part, start + 6h), IsEmpty());
  EXPECT_THAT(judge({}, start + 28h), IsEmpty());
  EXPECT_THAT(kinds({}, start + 30h + 1min), ElementsAre(alert_kind::silence));
}

TEST_F(rules_for_alerts, remember_across_a_restart_what_they_have_told) {
  storage::status_counts before;
  before[{hamar, storage::hour_of(start), service::dpo, direction::outgoing, status_name::sendt}] =
      3;
  rules.remember(before);
  rules.remember({{{hamar, service::dpo}, storage::hour_of(start)}});
  EXPECT_THAT(judge({}, start + 40h), IsEmpty()) << "told before";
  EXPECT_THAT(kinds(one(status_name::levert, start + 41h), start + 41h),
              ElementsAre(alert_kind::silence_ended));
}

TEST_F(rules_for_alerts, keep_a_silence_that_began_before_what_is_remembered) {
  rules.remember({{{hamar, service::dpo}, storage::hour_of(start)}});
  EXPECT_THAT(judge(one(status_name::sendt, start + 900h), start + 900h), IsEmpty());
}

TEST_F(rules_for_alerts, find_a_silence_among_the_hours_before_a_restart) {
  storage::status_counts before;
  before[{hamar, storage::hour_of(start), service::dpo, direction::outgoing, status_name::sendt}] =
      1;
  rules.remember(before);
  EXPECT_THAT(kinds({}, start + 26h), ElementsAre(alert_kind::silence));
}
