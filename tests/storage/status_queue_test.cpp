#include "storage/status_queue.hpp"

#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

constexpr auto arkiv = channel_number{1};
constexpr auto lonn = channel_number{2};

class status_queue_test : public ::testing::Test {
 protected:
  std::unique_ptr<engine> store = make_memory_engine();
  status_queue queue{*store, hamar, {{arkiv, {service::dpo, service::dpf}}, {lonn, {}}}};

  void add(row_id id, service via = service::dpo, channel_number channel = arkiv) {
    status s;
    s.id = id;
    s.channel = channel;
    batch b;
    ASSERT_TRUE(queue.add(b, via, s));
    ASSERT_EQ(outcome_of(*store, b), "");
  }
  std::vector<row_id> ids(channel_number channel = arkiv) { return *queue.first(channel, 1000); }
};

}  // namespace

TEST_F(status_queue_test, holds_the_services_that_a_channel_asks_for_in_order) {
  EXPECT_TRUE(queue.is_on(arkiv));
  EXPECT_FALSE(queue.is_on(lonn));
  EXPECT_FALSE(queue.is_on(channel_number{3}));
  add(12);
  add(11, service::dpf);
  add(13, service::dpv);
  add(14, service::dpo, lonn);
  add(15, service::dpo, channel_number{3});
  EXPECT_EQ(ids(), (std::vector<row_id>{11, 12}));
  EXPECT_EQ(queue.first(arkiv, 1)->size(), 1u);
  EXPECT_TRUE(ids(lonn).empty());
  EXPECT_TRUE(ids(channel_number{3}).empty());
}

TEST_F(status_queue_test, gives_an_entry_off_once) {
  add(11);
  batch first, second, none;
  EXPECT_TRUE(*queue.remove(first, arkiv, 11));
  EXPECT_TRUE(*queue.remove(second, arkiv, 11));
  EXPECT_FALSE(*queue.remove(none, arkiv, 12));
  EXPECT_FALSE(*queue.remove(none, lonn, 11));
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(outcome_of(*store, first), "");
  EXPECT_EQ(outcome_of(*store, second), "precondition failed");
  EXPECT_TRUE(ids().empty());
}

TEST_F(status_queue_test, drops_what_nobody_has_taken_for_too_long) {
  for (row_id id = 1; id <= 300; ++id) add(id);
  add(status_queue::reach + 200);
  EXPECT_EQ(ids().front(), 200u);
  EXPECT_EQ(ids().size(), 102u);
  add(status_queue::reach + 5000);
  EXPECT_EQ(ids(), (std::vector<row_id>{status_queue::reach + 200, status_queue::reach + 5000}));
}

TEST_F(status_queue_test, catches_up_in_steps_of_bounded_size) {
  for (row_id id = 1; id <= 300; ++id) add(id);
  status newest;
  newest.id = status_queue::reach + 1000;
  newest.channel = arkiv;
  batch b;
  ASSERT_TRUE(queue.add(b, service::dpo, newest));
  EXPECT_LE(b.changes().size(), 257u);
  ASSERT_EQ(outcome_of(*store, b), "");
  EXPECT_EQ(ids().size(), 45u);
  add(status_queue::reach + 1001);
  EXPECT_EQ(ids().front(), status_queue::reach + 1000);
}
