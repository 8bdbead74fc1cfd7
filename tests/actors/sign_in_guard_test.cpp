#include "actors/sign_in_guard.hpp"

#include <gtest/gtest.h>

namespace kp::actors {
namespace {

using namespace std::chrono_literals;

struct sign_in_guard_test : testing::Test {
  manual_clock time{time_point{std::chrono::seconds(1'770'000'000)}};
  sign_in_guard guard{time};
  std::chrono::milliseconds fail(const std::string& from, const std::string& user) {
    return guard.failed(from, user);
  }
};

TEST_F(sign_in_guard_test, mistyping_costs_nothing_and_guessing_costs_more_and_more) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fail("10.0.0.1", "sak"), 0ms);
  EXPECT_EQ(fail("10.0.0.1", "sak"), 250ms);
  EXPECT_EQ(fail("10.0.0.1", "sak"), 500ms);
  for (int i = 0; i < 100; ++i) fail("10.0.0.1", "sak");
  EXPECT_EQ(fail("10.0.0.1", "sak"), sign_in_guard::longest_delay);
}

TEST_F(sign_in_guard_test, failures_are_forgotten) {
  for (int i = 0; i < 8; ++i) fail("10.0.0.1", "sak");
  time.advance(8 * sign_in_guard::forget_one_after);
  EXPECT_EQ(fail("10.0.0.1", "sak"), 0ms);
}

TEST_F(sign_in_guard_test, an_address_that_guesses_is_slow_for_every_user_and_others_are_not) {
  for (int i = 0; i < 10; ++i) fail("10.0.0.1", "user " + std::to_string(i));
  EXPECT_GT(fail("10.0.0.1", "another"), 0ms);
  EXPECT_EQ(fail("10.0.0.2", "sak"), 0ms);
}

TEST_F(sign_in_guard_test, a_user_that_is_guessed_from_everywhere_is_slow_to_guess) {
  for (int i = 0; i < 10; ++i) fail("10.0.1." + std::to_string(i), "sak");
  EXPECT_GT(fail("10.0.2.1", "sak"), 0ms);
  EXPECT_EQ(fail("10.0.3.1", "arkiv"), 0ms);
}

TEST_F(sign_in_guard_test, only_the_address_that_guesses_must_wait_its_turn) {
  for (int i = 0; i < 10; ++i) fail("10.0.0.1", "sak");
  EXPECT_TRUE(guard.enter("10.0.0.1"));
  EXPECT_TRUE(guard.enter("10.0.0.1"));
  EXPECT_FALSE(guard.enter("10.0.0.1"));
  guard.leave("10.0.0.1");
  EXPECT_TRUE(guard.enter("10.0.0.1"));
  // Whoever has the right password and comes from elsewhere is not held up, however many he is.
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(guard.enter("10.0.0.2"));
}

TEST_F(sign_in_guard_test, a_customers_ipv6_addresses_are_one) {
  for (int i = 0; i < 8; ++i) fail("2001:db8:1:2::" + std::to_string(i + 1), "");
  EXPECT_GT(fail("2001:db8:1:2:ffff::1", ""), 0ms);
  EXPECT_EQ(fail("2001:db8:1:3::1", ""), 0ms);
}

TEST_F(sign_in_guard_test, its_tables_are_bounded) {
  for (std::size_t i = 0; i < 3 * sign_in_guard::most_entries; ++i)
    fail("address " + std::to_string(i), std::string(5000, 'u') + std::to_string(i));
  EXPECT_LE(guard.entries(), 2 * sign_in_guard::most_entries);
}

}  // namespace
}  // namespace kp::actors
