#include "actors/upstream_limiter.hpp"

#include "simulated_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kp::actors {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const auto big = organisation_id::from_number(910077473);
const auto small = organisation_id::from_number(910075918);

struct grant {
  organisation_id organisation;
  time_point at;
  bool refused;
};

class upstream_limiter_test : public ::testing::Test {
 protected:
  caf::actor limiter(upstream_limiter_args args = {}) {
    args.time = &hub.time();
    return hub.spawn(upstream_limiter, args);
  }
  void want(const caf::actor& who, organisation_id organisation, std::string endpoint = "upload",
            std::string client = "MOVE_IP_910077473") {
    hub.later<acquired>(
        who, acquire{std::move(client), std::move(endpoint), organisation},
        [this, organisation](const acquired& answer) {
          grants.push_back({organisation, hub.time().now(), answer.failure.has_value()});
        });
  }
  // The most turns that any window of a minute holds.
  std::size_t busiest_minute() const {
    std::size_t most = 0;
    for (const auto& first : grants)
      most = std::max(most,
                      static_cast<std::size_t>(std::ranges::count_if(grants, [&](const grant& g) {
                        return !g.refused && g.at >= first.at && g.at < first.at + seconds(60);
                      })));
    return most;
  }

  std::vector<grant> grants;  // outlives the actors, which answer when they stop
  test::simulated_system hub;
};

TEST_F(upstream_limiter_test, ten_searches_a_minute_and_never_more_in_any_minute) {
  upstream_limiter_args args;
  args.max_wait = seconds(3600);
  const auto it = limiter(args);
  for (int i = 0; i < 40; ++i) want(it, big, "search");
  hub.pass(std::chrono::minutes(5), milliseconds(100));
  EXPECT_EQ(grants.size(), 40u);
  EXPECT_LE(busiest_minute(), 10u);
  EXPECT_LE(grants.back().at - grants.front().at, seconds(40 * 6));
}

TEST_F(upstream_limiter_test, other_calls_come_120_a_minute_with_a_first_burst_of_twelve) {
  upstream_limiter_args args;
  args.max_wait = seconds(3600);
  const auto it = limiter(args);
  for (int i = 0; i < 400; ++i) want(it, big);
  hub.run();
  EXPECT_EQ(grants.size(), 12u);
  hub.pass(std::chrono::minutes(5), milliseconds(50));
  EXPECT_EQ(grants.size(), 400u);
  EXPECT_LE(busiest_minute(), 120u);
  EXPECT_GE(busiest_minute(), 110u);
}

TEST_F(upstream_limiter_test, clients_and_endpoints_have_quotas_of_their_own) {
  const auto it = limiter();
  want(it, big, "search", "a");
  want(it, big, "search", "b");
  want(it, big, "overview", "a");
  hub.run();
  EXPECT_EQ(grants.size(), 3u);
  want(it, big, "search", "a");
  hub.run();
  EXPECT_EQ(grants.size(), 3u);
}

TEST_F(upstream_limiter_test, ten_thousand_of_one_organisation_delay_another_by_one_turn) {
  upstream_limiter_args args;
  args.max_wait = std::chrono::hours(48);
  const auto it = limiter(args);
  for (int i = 0; i < 10'000; ++i) want(it, big);
  hub.run();
  const auto before = grants.size();
  want(it, small);
  hub.pass(seconds(5), milliseconds(100));
  const auto place = std::ranges::find(grants, small, &grant::organisation) - grants.begin();
  EXPECT_LE(static_cast<std::size_t>(place), before + 1);
}

TEST_F(upstream_limiter_test, calls_of_correspondence_have_a_quota_of_the_whole_hub_in_fair_turns) {
  upstream_limiter_args args;
  args.correspondence_per_minute = 60;
  args.max_wait = std::chrono::hours(48);
  const auto it = limiter(args);
  for (int i = 0; i < 1'000; ++i) want(it, big, "correspondence overview", "Correspondence");
  hub.run();
  const auto before = grants.size();
  EXPECT_EQ(before, 6U) << "a first burst of a tenth";
  want(it, small, "correspondence overview", "Correspondence");
  want(it, small, "correspondence upload", "Correspondence");
  hub.run();
  ASSERT_EQ(grants.size(), before + 1) << "another endpoint has turns of its own";
  EXPECT_EQ(grants.back().organisation, small);
  hub.pass(seconds(5), milliseconds(100));
  const auto place = std::ranges::count(grants, small, &grant::organisation);
  EXPECT_EQ(place, 2) << "after one turn of the big one";
  hub.pass(std::chrono::minutes(5), milliseconds(100));
  EXPECT_LE(busiest_minute(), 61U);
  EXPECT_GE(busiest_minute(), 55U);
}

TEST_F(upstream_limiter_test, nothing_passes_while_the_national_service_wants_rest) {
  const auto it = limiter();
  want(it, big);
  hub.run();
  ASSERT_EQ(grants.size(), 1u);
  caf::anon_send(it, back_off{"MOVE_IP_910077473", "upload", seconds(30)});
  want(it, big);
  hub.pass(seconds(29));
  EXPECT_EQ(grants.size(), 1u);
  hub.pass(seconds(2));
  ASSERT_EQ(grants.size(), 2u);
  EXPECT_FALSE(grants.back().refused);
}

TEST_F(upstream_limiter_test, a_turn_that_would_come_too_late_is_refused_at_once_with_the_wait) {
  upstream_limiter_args args;
  args.max_wait = seconds(20);
  const auto it = limiter(args);
  for (int i = 0; i < 4; ++i) want(it, big, "search");  // now, and in 6, 12 and 18 s
  hub.run();
  const auto answer = hub.ask<acquired>(it, acquire{"MOVE_IP_910077473", "search", big});
  ASSERT_TRUE(answer && answer->failure);
  EXPECT_TRUE(answer->failure->retryable);
  EXPECT_EQ(answer->failure->retry_after, seconds(24));
  // Another organisation has its turn before the second of the big one.
  want(it, small, "search");
  hub.pass(seconds(21), milliseconds(100));
  EXPECT_TRUE(std::ranges::none_of(
      grants, [](const grant& g) { return g.organisation == small && g.refused; }));
}

TEST_F(upstream_limiter_test, who_has_waited_too_long_is_told_so) {
  upstream_limiter_args args;
  args.max_wait = seconds(20);
  const auto it = limiter(args);
  want(it, big, "search");
  want(it, big, "search");
  hub.run();
  caf::anon_send(it, back_off{"MOVE_IP_910077473", "search", seconds(600)});
  hub.pass(seconds(19));
  EXPECT_EQ(grants.size(), 1u);
  hub.pass(seconds(2));
  ASSERT_EQ(grants.size(), 2u);
  EXPECT_TRUE(grants.back().refused);
}

TEST_F(upstream_limiter_test, the_queue_has_a_bound) {
  upstream_limiter_args args;
  args.max_waiting = 5;
  const auto it = limiter(args);
  for (int i = 0; i < 7; ++i) want(it, big, "search");
  hub.run();
  EXPECT_EQ(std::ranges::count_if(grants, &grant::refused), 1);
}

}  // namespace
}  // namespace kp::actors
