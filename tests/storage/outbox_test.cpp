#include "storage/outbox_recovery.hpp"
#include "storage/outbox_turns.hpp"
#include "tests/storage/stores.hpp"

#include <algorithm>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

class outboxes : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    items = std::make_unique<outbox>(*store, hamar, service::dpo);
  }

  outbox_item insert(row_id id, time_point due = at_second(0)) {
    outbox_item item;
    item.id = id;
    item.via = service::dpo;
    item.message = message_number(static_cast<unsigned>(id));
    item.queued = at_second(0);
    item.due = due;
    batch b;
    items->insert(b, item);
    EXPECT_EQ(commit(b), "");
    return item;
  }

  std::vector<outbox::claimed> claim(time_point now, std::size_t limit = 10,
                                     std::string_view owner = "worker") {
    batch b;
    auto found = items->claim_due(b, from, now, limit, owner, 60s);
    EXPECT_TRUE(found);
    EXPECT_EQ(commit(b), "");
    return *found;
  }

  static std::vector<row_id> numbers(const std::vector<outbox::claimed>& all) {
    std::vector<row_id> found;
    for (const auto& each : all) found.push_back(each.item.id);
    return found;
  }

  void expect_nothing_left() {
    for (const auto kind : {record_kind::outbox_item, record_kind::outbox_due,
                            record_kind::outbox_claim, record_kind::outbox_by_message})
      EXPECT_EQ(entries_of(*store, hamar, kind), 0u) << static_cast<int>(kind);
  }

  std::unique_ptr<outbox> items;
  time_point from{};
};

using ids_of = std::vector<row_id>;

}  // namespace

TEST_P(outboxes, claims_what_is_due_oldest_first_and_no_more_than_asked) {
  insert(1, at_second(3));
  insert(2, at_second(1));
  insert(3, at_second(2));
  insert(4, at_second(100));
  EXPECT_EQ(numbers(claim(at_second(0))), ids_of{});
  EXPECT_EQ(numbers(claim(at_second(10), 2)), (ids_of{2, 3}));
  EXPECT_EQ(numbers(claim(at_second(10), 2)), (ids_of{1}));
  EXPECT_EQ(numbers(claim(at_second(10), 2)), ids_of{});
  EXPECT_EQ(numbers(claim(at_second(10), 0)), ids_of{});
}

TEST_P(outboxes, takes_an_item_once) {
  const auto item = insert(1);
  batch b;
  items->insert(b, item);
  EXPECT_EQ(commit(b), "precondition failed");
}

TEST_P(outboxes, waits_until_queued_when_no_due_time_is_given) {
  insert(1, time_point{});
  EXPECT_EQ(*items->next_due(), at_second(0));
  EXPECT_EQ(numbers(claim(at_second(0))), (ids_of{1}));
}

TEST_P(outboxes, a_claim_that_expires_is_claimable_again_with_a_higher_fence) {
  insert(1);
  const auto first = claim(at_second(0), 10, "a");
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].claim.fence, 1u);
  EXPECT_EQ(numbers(claim(at_second(59), 10, "b")), ids_of{});
  EXPECT_EQ(*items->next_due(), at_second(60));
  const auto second = claim(at_second(60), 10, "b");
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].claim.fence, 2u);
  // Whatever the first owner still does is fenced off.
  batch done, later;
  items->remove(done, first[0]);
  EXPECT_EQ(commit(done), "fenced");
  items->postpone(later, first[0], at_second(70), "late");
  EXPECT_EQ(commit(later), "fenced");
  batch longer;
  EXPECT_EQ(outcome(items->renew(longer, first[0], at_second(61), 60s)), "fenced");
  batch finish;
  items->remove(finish, second[0]);
  EXPECT_EQ(commit(finish), "");
  expect_nothing_left();
}

TEST_P(outboxes, lets_one_of_two_simultaneous_claimers_have_an_item) {
  insert(1);
  std::vector<batch> group(2);
  time_point cursor{};
  ASSERT_EQ(items->claim_due(group[0], cursor, at_second(0), 10, "a", 60s)->size(), 1u);
  ASSERT_EQ(items->claim_due(group[1], cursor, at_second(0), 10, "b", 60s)->size(), 1u);
  const auto answers = store->commit(group);
  EXPECT_EQ(outcome(answers[0]), "");
  EXPECT_EQ(outcome(answers[1]), "precondition failed");
}

TEST_P(outboxes, puts_off_what_has_to_wait_its_turn_without_counting_an_attempt) {
  insert(1);
  const auto claimed = claim(at_second(0));
  ASSERT_EQ(claimed.size(), 1u);
  batch b;
  put_off(b, *store, hamar, service::dpo, claimed[0], at_second(30));
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ((**items->find(1)).attempts, 0u);
  EXPECT_EQ(numbers(claim(at_second(29))), ids_of{});
  EXPECT_EQ(numbers(claim(at_second(30))), ids_of{1});
}

TEST_P(outboxes, counts_a_failed_attempt_and_waits) {
  insert(1);
  const auto claimed = claim(at_second(0));
  ASSERT_EQ(claimed.size(), 1u);
  batch b;
  items->postpone(b, claimed[0], at_second(30), "503 from upstream");
  ASSERT_EQ(commit(b), "");
  const auto item = **items->find(1);
  EXPECT_EQ(item.attempts, 1u);
  EXPECT_EQ(item.due, at_second(30));
  EXPECT_EQ(item.last_error, "503 from upstream");
  EXPECT_EQ(*items->next_due(), at_second(30));
  EXPECT_EQ(numbers(claim(at_second(29))), ids_of{});
  const auto again = claim(at_second(30));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].item.attempts, 1u);
  EXPECT_EQ(again[0].claim.fence, 2u);
}

TEST_P(outboxes, leaves_nothing_when_an_item_is_done) {
  insert(1);
  const auto claimed = claim(at_second(0));
  ASSERT_EQ(claimed.size(), 1u);
  batch b;
  items->remove(b, claimed[0]);
  ASSERT_EQ(commit(b), "");
  expect_nothing_left();
  EXPECT_EQ(*items->next_due(), std::nullopt);
}

TEST_P(outboxes, extends_the_claim_of_work_that_takes_long) {
  insert(1);
  auto claimed = claim(at_second(0));
  ASSERT_EQ(claimed.size(), 1u);
  batch b;
  const auto longer = items->renew(b, claimed[0], at_second(50), 60s);
  ASSERT_TRUE(longer);
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(longer->fence, claimed[0].claim.fence);
  EXPECT_EQ(longer->expires, at_second(110));
  EXPECT_EQ(numbers(claim(at_second(100), 10, "b")), ids_of{});
  EXPECT_EQ(*items->next_due(), at_second(110));
  // Also for an owner that still has the claim as it was before.
  batch done;
  items->remove(done, claimed[0]);
  ASSERT_EQ(commit(done), "");
  expect_nothing_left();
}

TEST_P(outboxes, postpones_after_a_renewal_without_leftovers) {
  insert(1);
  const auto claimed = claim(at_second(0));
  ASSERT_EQ(claimed.size(), 1u);
  batch renewal;
  ASSERT_TRUE(items->renew(renewal, claimed[0], at_second(50), 60s));
  ASSERT_EQ(commit(renewal), "");
  batch b;
  items->postpone(b, claimed[0], at_second(200), "x");
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(entries_of(*store, hamar, record_kind::outbox_due), 1u);
  EXPECT_EQ(*items->next_due(), at_second(200));
}

TEST_P(outboxes, clears_away_a_place_that_its_item_has_left) {
  insert(1, at_second(100));
  batch stray;
  stray.put(key_builder(hamar, record_kind::outbox_due).u8(1).time(at_second(5)).u64(1).str(), "");
  stray.put(key_builder(hamar, record_kind::outbox_due).u8(1).time(at_second(6)).u64(9).str(), "");
  ASSERT_EQ(commit(stray), "");
  EXPECT_EQ(numbers(claim(at_second(10))), ids_of{});
  EXPECT_EQ(*items->next_due(), at_second(100));
}

TEST_P(outboxes, removes_an_item_that_nobody_has_claimed) {
  const auto item = insert(1);
  batch b;
  items->remove_unclaimed(b, item);
  ASSERT_EQ(commit(b), "");
  expect_nothing_left();
}

TEST_P(outboxes, removes_a_postponed_item) {
  insert(1);
  const auto claimed = claim(at_second(0));
  ASSERT_EQ(claimed.size(), 1u);
  batch b;
  items->postpone(b, claimed[0], at_second(30), "x");
  ASSERT_EQ(commit(b), "");
  batch removal;
  items->remove_unclaimed(removal, **items->find(1));
  ASSERT_EQ(commit(removal), "");
  expect_nothing_left();
}

TEST_P(outboxes, refuses_to_remove_as_unclaimed_what_somebody_holds) {
  const auto item = insert(1);
  ASSERT_EQ(claim(at_second(0)).size(), 1u);
  batch b;
  items->remove_unclaimed(b, item, at_second(59));
  EXPECT_EQ(commit(b), "precondition failed");
  batch without_time;
  items->remove_unclaimed(without_time, item);
  EXPECT_EQ(commit(without_time), "precondition failed");
  batch expired;
  items->remove_unclaimed(expired, item, at_second(60));
  EXPECT_EQ(commit(expired), "");
  expect_nothing_left();
}

TEST_P(outboxes, refuses_to_remove_as_unclaimed_what_is_claimed_meanwhile) {
  const auto item = insert(1);
  batch b;
  items->remove_unclaimed(b, item);
  ASSERT_EQ(claim(at_second(0)).size(), 1u);
  EXPECT_EQ(commit(b), "precondition failed");
}

TEST_P(outboxes, finds_items_by_message) {
  insert(1);
  outbox_item status;
  status.id = 7;
  status.via = service::dpo;
  status.message = message_number(1);
  status.kind = outbox_kind::status;
  batch b;
  items->insert(b, status);
  ASSERT_EQ(commit(b), "");
  insert(2);
  EXPECT_EQ(*items->of_message(message_number(1)), (ids_of{1, 7}));
  EXPECT_EQ(*items->of_message(message_number(3)), ids_of{});
  EXPECT_EQ(*items->count(), 3u);
}

TEST_P(outboxes, keeps_services_and_organisations_apart) {
  insert(1);
  for (const auto& other :
       {outbox(*store, hamar, service::dpf), outbox(*store, oslo, service::dpo)}) {
    EXPECT_EQ(*other.count(), 0u);
    EXPECT_EQ(*other.next_due(), std::nullopt);
    EXPECT_FALSE(*other.find(1));
    batch b;
    time_point cursor{};
    EXPECT_TRUE(other.claim_due(b, cursor, at_second(10), 10, "w", 60s)->empty());
  }
}

TEST_P(outboxes, moves_its_cursor_but_misses_nothing_that_is_committed_late) {
  insert(1, at_second(0));
  const auto claimed = claim(at_second(600));
  ASSERT_EQ(claimed.size(), 1u);
  batch done;
  items->remove(done, claimed[0]);
  ASSERT_EQ(commit(done), "");
  ASSERT_TRUE(claim(at_second(600)).empty());
  EXPECT_EQ(from, at_second(600) - outbox::commit_window);
  EXPECT_EQ(*items->next_due(from), std::nullopt);
  insert(2, at_second(599));
  EXPECT_EQ(numbers(claim(at_second(601))), (ids_of{2}));
}

TEST_P(outboxes, starts_over_when_the_clock_is_set_back) {
  ASSERT_TRUE(claim(at_second(100'000)).empty());
  insert(1, at_second(5));
  EXPECT_EQ(numbers(claim(at_second(10))), (ids_of{1}));
}

TEST_P(outboxes, never_moves_its_cursor_past_an_item_that_waits) {
  insert(1, at_second(0));
  insert(2, at_second(1));
  ASSERT_EQ(numbers(claim(at_second(1000), 1)), (ids_of{1}));
  ASSERT_LE(from, at_second(1));
  EXPECT_EQ(numbers(claim(at_second(1000), 1)), (ids_of{2}));
}

INSTANTIATE_TEST_SUITE_P(both, outboxes,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

TEST_P(outboxes, what_an_earlier_run_had_claimed_is_due_at_once_with_a_higher_fence) {
  insert(1);
  insert(2);
  const auto before = claim(at_second(10), 1, "run-a worker");
  ASSERT_EQ(numbers(before), ids_of{1});
  const auto mine = claim(at_second(10), 1, "run-b worker");
  ASSERT_EQ(numbers(mine), ids_of{2});

  batch b;
  const auto released = release_claims_of_earlier_runs(b, *store, hamar, service::dpo, "run-b");
  ASSERT_TRUE(released);
  EXPECT_EQ(*released, 1u);
  EXPECT_EQ(commit(b), "");

  const auto again = claim(at_second(11), 10, "run-b worker");
  EXPECT_EQ(numbers(again), ids_of{1});  // 2 is still claimed by this run
  EXPECT_GT(again.front().claim.fence, before.front().claim.fence);
  batch late;
  items->remove(late, before.front());  // the earlier run's late write
  EXPECT_NE(commit(late), "");
}
