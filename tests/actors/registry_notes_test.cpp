#include "actors/registry_notes.hpp"

#include <gtest/gtest.h>

namespace kp::actors {
namespace {

using std::chrono::seconds;

constexpr time_point now{std::chrono::hours(1)};

registry::lookup about(const std::string& who) {
  registry::lookup what;
  what.identifier = who;
  what.process = "process";
  return what;
}

receiver_answer found(bool stale = false) {
  receiver_answer answer;
  answer.found.emplace();
  answer.found->identifier = "910077473";
  answer.found->stale = stale;
  return answer;
}

TEST(registry_notes, know_nothing_at_first) {
  const registry_notes notes;
  EXPECT_FALSE(notes.certificate_is_good(now));
  EXPECT_FALSE(notes.receiver(about("910077473"), now));
}

TEST(registry_notes, are_good_for_a_while) {
  registry_notes notes;
  notes.keep(about("910077473"), found(), now);
  notes.certificate_is_good_until(now + seconds(60));
  const auto last = now + registry_notes::receiver_good_for - seconds(1);
  ASSERT_TRUE(notes.receiver(about("910077473"), last));
  EXPECT_EQ(notes.receiver(about("910077473"), last)->found->identifier, "910077473");
  EXPECT_FALSE(notes.receiver(about("910077473"), last + seconds(1)));
  EXPECT_TRUE(notes.certificate_is_good(now + seconds(59)));
  EXPECT_FALSE(notes.certificate_is_good(now + seconds(60)));
}

TEST(registry_notes, tell_processes_and_levels_apart_but_not_conversations) {
  registry_notes notes;
  auto asked = about("910077473");
  asked.conversation = "first";
  notes.keep(asked, found(), now);
  asked.conversation = "second";
  EXPECT_TRUE(notes.receiver(asked, now));
  asked.security_level = 4;
  EXPECT_FALSE(notes.receiver(asked, now));
  asked = about("910077473");
  asked.process = "another";
  EXPECT_FALSE(notes.receiver(asked, now));
}

TEST(registry_notes, keep_neither_failures_nor_what_was_served_stale) {
  registry_notes notes;
  notes.keep(about("1"), found(true), now);
  receiver_answer failed;
  failed.failure = error{};
  notes.keep(about("2"), failed, now);
  EXPECT_FALSE(notes.receiver(about("1"), now));
  EXPECT_FALSE(notes.receiver(about("2"), now));
}

TEST(registry_notes, forget_all_when_the_keys_change) {
  registry_notes notes;
  notes.keep(about("910077473"), found(), now);
  notes.certificate_is_good_until(now + seconds(60));
  notes.forget();
  EXPECT_FALSE(notes.receiver(about("910077473"), now));
  EXPECT_FALSE(notes.certificate_is_good(now));
}

TEST(registry_notes, are_bounded) {
  registry_notes notes;
  std::size_t kept = 0;
  for (int i = 0; i < 1000; ++i) notes.keep(about(std::to_string(i)), found(), now);
  for (int i = 0; i < 1000; ++i) kept += notes.receiver(about(std::to_string(i)), now) ? 1 : 0;
  EXPECT_LE(kept, 64u);
  EXPECT_TRUE(notes.receiver(about("999"), now));
}

}  // namespace
}  // namespace kp::actors
