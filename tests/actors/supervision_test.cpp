#include "actors/supervision.hpp"

#include "simulated_system.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kp::actors {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

caf::behavior idle(caf::event_based_actor*) {
  return {[](int) {}};
}

// An owner with two children.
class nursery_test : public ::testing::Test {
 protected:
  void open() {
    owner = system.spawn_function([this](caf::event_based_actor* self) -> caf::behavior {
      children = std::make_shared<nursery>(self, "the test");
      self->set_down_handler([its = children](caf::down_msg& down) { its->on_down(down); });
      const auto make = [this](std::size_t which) {
        return [this, which] {
          starts.at(which).push_back(system.time().now());
          return self_system().spawn(idle);
        };
      };
      frail = children->add("frail", make(0), [this](const caf::actor& it) { told = it; });
      sturdy = children->add("sturdy", make(1));
      return {[its = children](const restart_child& which) { its->restart(which); },
              [its = children](int) { its->stop(); }};
    });
    system.run();
  }
  // The nursery is full of handles that must be gone before the system is.
  void TearDown() override {
    stop();
    system.stop(owner);
    told = nullptr;
    children.reset();
  }
  caf::actor_system& self_system() { return system.actors(); }
  void stop() {
    caf::anon_send(owner, 1);
    system.run();
  }
  void kill_frail() {
    caf::anon_send_exit((*children)[frail], caf::exit_reason::kill);
    system.run();
  }
  // Kills the frail child and waits until there is another; how long that took.
  milliseconds time_to_recover() {
    const auto before = starts[0].size();
    const auto died = system.time().now();
    kill_frail();
    for (int i = 0; i < 10'000 && starts[0].size() == before; ++i)
      system.pass(milliseconds(10), milliseconds(10));
    return std::chrono::duration_cast<milliseconds>(starts[0].back() - died);
  }

  std::vector<std::vector<time_point>> starts{2};
  caf::actor told;
  std::shared_ptr<nursery> children;
  std::size_t frail = 0, sturdy = 0;
  test::simulated_system system;
  caf::actor owner;
};

TEST_F(nursery_test, a_child_that_stops_is_started_again_alone) {
  open();
  const auto first = told;
  const auto neighbour = (*children)[sturdy];
  EXPECT_EQ(time_to_recover(), nursery::first_delay);
  EXPECT_EQ(starts[0].size(), 2u);
  EXPECT_EQ(starts[1].size(), 1u);
  EXPECT_NE(told, first);
  EXPECT_EQ(told, (*children)[frail]);
  EXPECT_EQ((*children)[sturdy], neighbour);
}

TEST_F(nursery_test, it_waits_twice_as_long_each_time_up_to_half_a_minute) {
  open();
  for (int expected = 100; expected < 30'000; expected *= 2)
    EXPECT_EQ(time_to_recover(), milliseconds(expected));
  EXPECT_EQ(time_to_recover(), nursery::longest_delay);
  EXPECT_EQ(time_to_recover(), nursery::longest_delay);
}

TEST_F(nursery_test, a_child_that_was_well_for_a_minute_is_started_again_soon) {
  open();
  time_to_recover();
  EXPECT_EQ(time_to_recover(), 2 * nursery::first_delay);
  system.pass(nursery::healthy_after + seconds(1));
  EXPECT_EQ(time_to_recover(), nursery::first_delay);
}

TEST_F(nursery_test, a_stopped_nursery_ends_its_children_and_starts_none_again) {
  open();
  kill_frail();  // its next start is planned already
  const auto neighbour = caf::actor_cast<caf::actor_addr>((*children)[sturdy]);
  stop();
  system.pass(std::chrono::minutes(2));
  EXPECT_EQ(starts[0].size(), 1u);
  EXPECT_EQ(starts[1].size(), 1u);
  EXPECT_FALSE((*children)[sturdy]);
  const auto left = caf::actor_cast<caf::actor>(neighbour);
  EXPECT_TRUE(!left || caf::actor_cast<caf::abstract_actor*>(left)->getf(
                           caf::abstract_actor::is_terminated_flag));
}

}  // namespace
}  // namespace kp::actors
