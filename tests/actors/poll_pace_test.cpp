#include "actors/poll_pace.hpp"

#include <gtest/gtest.h>

namespace kp::actors {
namespace {

using namespace std::chrono_literals;

const time_point start = time_point{} + 1000h;

TEST(poll_pace, asks_at_the_usual_interval_while_messages_come) {
  poll_pace pace(start);
  EXPECT_EQ(pace.pause(start + 1min, 15s, 300s), 15s);
  pace.stirred(start + 1h);
  EXPECT_EQ(pace.pause(start + 1h, 15s, 300s), 15s);
}

TEST(poll_pace, waits_a_tenth_of_the_silence_and_never_longer_than_wished) {
  const poll_pace pace(start);
  EXPECT_EQ(pace.pause(start + 10min, 15s, 300s), 60s);
  EXPECT_EQ(pace.pause(start + 50min, 15s, 300s), 300s);
  EXPECT_EQ(pace.pause(start + 12h, 15s, 300s), 300s);
}

TEST(poll_pace, keeps_the_usual_interval_where_quiet_organisations_are_not_to_wait_longer) {
  const poll_pace pace(start);
  EXPECT_EQ(pace.pause(start + 12h, 15s, 15s), 15s);
  EXPECT_EQ(pace.pause(start + 12h, 600s, 300s), 600s);
}

TEST(poll_pace, is_usual_when_the_clock_goes_back) {
  poll_pace pace(start);
  EXPECT_EQ(pace.pause(start - 5h, 15s, 300s), 15s);
  pace.stirred(start - 5h);
  EXPECT_EQ(pace.pause(start + 10min, 15s, 300s), 60s);
}

}  // namespace
}  // namespace kp::actors
