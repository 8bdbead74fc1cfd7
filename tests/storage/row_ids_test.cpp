#include "tests/storage/stores.hpp"

#include <set>
#include <thread>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

class row_id_sequence : public ::testing::Test {
 protected:
  row_id next_committed(row_ids& ids) {
    batch b;
    const auto id = ids.next(b);
    EXPECT_TRUE(id);
    EXPECT_EQ(outcome_of(*store, b), "");
    return id ? *id : 0;
  }
  std::unique_ptr<engine> store = make_memory_engine();
};

}  // namespace

TEST_F(row_id_sequence, begins_at_one_and_rises) {
  row_ids ids(*store, hamar);
  EXPECT_EQ(next_committed(ids), 1u);
  EXPECT_EQ(next_committed(ids), 2u);
}

TEST_F(row_id_sequence, reserves_blocks_so_that_most_ids_cost_no_write) {
  row_ids ids(*store, hamar);
  next_committed(ids);
  for (std::uint64_t i = 1; i < row_ids::block; ++i) {
    batch b;
    ASSERT_TRUE(ids.next(b));
    ASSERT_TRUE(b.empty()) << i;
  }
  batch b;
  ASSERT_TRUE(ids.next(b));
  EXPECT_FALSE(b.empty());
}

TEST_F(row_id_sequence, gives_no_id_twice_over_a_restart_at_any_point) {
  row_id highest = 0;
  for (int restart = 0; restart < 5; ++restart) {
    row_ids ids(*store, hamar);
    for (std::uint64_t i = 0; i < row_ids::block - 1 + static_cast<std::uint64_t>(restart); ++i) {
      const auto id = next_committed(ids);
      ASSERT_GT(id, highest);
      highest = id;
    }
  }
}

TEST_F(row_id_sequence, repeats_a_reservation_whose_batch_was_dropped) {
  row_id used = 0;
  {
    row_ids ids(*store, hamar);
    batch dropped;
    ASSERT_TRUE(ids.next(dropped));
    used = next_committed(ids);
  }
  row_ids ids(*store, hamar);
  EXPECT_GT(next_committed(ids), used);
}

TEST_F(row_id_sequence, gives_no_id_twice_when_two_reservations_are_committed_in_the_other_order) {
  row_id highest = 0;
  {
    row_ids ids(*store, hamar);
    batch first;
    ASSERT_TRUE(ids.next(first));
    batch rest;
    for (std::uint64_t i = 0; i < row_ids::block; ++i) {
      rest = batch();
      highest = *ids.next(rest);
    }
    ASSERT_EQ(outcome_of(*store, rest), "");
    ASSERT_EQ(outcome_of(*store, first), "");
  }
  row_ids ids(*store, hamar);
  EXPECT_GT(next_committed(ids), highest);
}

TEST_F(row_id_sequence, is_one_per_organisation) {
  row_ids here(*store, hamar);
  row_ids there(*store, oslo);
  EXPECT_EQ(next_committed(here), 1u);
  EXPECT_EQ(next_committed(there), 1u);
}

TEST_F(row_id_sequence, gives_different_ids_to_threads) {
  row_ids ids(*store, hamar);
  std::vector<std::vector<row_id>> given(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : given)
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          batch b;
          mine.push_back(*ids.next(b));
        }
      });
  }
  std::set<row_id> all;
  for (const auto& mine : given) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 4000u);
}

TEST_F(row_id_sequence, refuses_a_sequence_it_cannot_read) {
  batch b;
  b.put(key_builder(hamar, record_kind::sequence).str(), "x");
  ASSERT_EQ(outcome_of(*store, b), "");
  row_ids ids(*store, hamar);
  batch unused;
  EXPECT_EQ(outcome(ids.next(unused)), "corrupt");
}
