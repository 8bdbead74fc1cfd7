#include "tools/simulation/run.hpp"

#include "config/log.hpp"

#include <gtest/gtest.h>

namespace kp::simulation {
namespace {

class simulation : public ::testing::Test {
 protected:
  simulation() {
    set_log_sink([](std::string_view) {});
  }
  ~simulation() override { set_log_sink(nullptr); }
};

TEST_F(simulation, is_the_same_for_the_same_seed) {
  const auto once = run(5, false);
  const auto again = run(5, false);
  EXPECT_GT(once.letters, 30u);
  EXPECT_GT(once.trace_lines, 500u);
  EXPECT_EQ(once.trace_lines, again.trace_lines);
  EXPECT_EQ(once.trace_hash, again.trace_hash);
  EXPECT_NE(once.trace_hash, run(6, false).trace_hash);
}

}  // namespace
}  // namespace kp::simulation
