#include "tests/storage/stores.hpp"

#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

constexpr auto arkiv = channel_number{1};
constexpr auto lonn = channel_number{2};

class inboxes : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    ids = std::make_unique<row_ids>(*store, hamar);
    messages = std::make_unique<inbox>(*store, hamar);
  }

  inbound_message insert(unsigned n, channel_number channel = arkiv) {
    batch b;
    inbound_message m;
    m.id = *ids->next(b);
    m.order = *ids->next(b);
    m.message = message_number(n);
    m.channel = channel;
    m.type = n % 2 == 0 ? "even" : "odd";
    messages->insert(b, m);
    EXPECT_EQ(commit(b), "");
    return m;
  }

  // Peeks and commits; the number of the message, or 0.
  unsigned peek(std::string_view owner = "client", time_point now = at_second(0),
                const filter<inbound_message>& matches = {}) {
    batch b;
    const auto found = messages->peek(b, arkiv, from, matches, owner, now, 300s);
    EXPECT_TRUE(found);
    if (!found || !*found) return 0;
    EXPECT_EQ(commit(b), "");
    return number_of((*found)->message);
  }

  static unsigned number_of(const inbound_message& m) {
    return static_cast<unsigned>(std::stoul(m.message.to_string().substr(24), nullptr, 16));
  }

  std::size_t sweep(time_point now, std::size_t limit = 100) {
    batch b;
    const auto freed = messages->sweep(b, arkiv, *ids, now, limit);
    EXPECT_TRUE(freed);
    EXPECT_EQ(commit(b), "");
    return *freed;
  }

  std::string remove(unsigned n, const std::optional<lease>& lock) {
    batch b;
    const auto m = messages->find(message_number(n));
    EXPECT_TRUE(m && *m);
    messages->remove(b, **m, lock);
    return commit(b);
  }

  void expect_nothing_left() {
    for (const auto kind :
         {record_kind::inbound_message, record_kind::inbound_queue, record_kind::inbound_lock,
          record_kind::inbound_lock_expiry, record_kind::inbound_listing})
      EXPECT_EQ(entries_of(*store, hamar, kind), 0u) << static_cast<int>(kind);
  }

  std::unique_ptr<row_ids> ids;
  std::unique_ptr<inbox> messages;
  std::uint64_t from = 0;
};

}  // namespace

TEST_P(inboxes, hands_out_the_oldest_message_that_nobody_has_locked) {
  insert(1);
  insert(2);
  insert(3, lonn);
  EXPECT_EQ(peek(), 1u);
  EXPECT_EQ(peek(), 2u);
  EXPECT_EQ(peek(), 0u);
}

TEST_P(inboxes, takes_a_message_once) {
  const auto m = insert(1);
  batch b;
  messages->insert(b, m);
  EXPECT_EQ(commit(b), "precondition failed");
}

TEST_P(inboxes, locks_what_it_hands_out_with_expiry_and_fence) {
  insert(1);
  EXPECT_EQ(*messages->lock_of(message_number(1)), std::nullopt);
  EXPECT_EQ(*messages->next_lock_expiry(arkiv), std::nullopt);
  ASSERT_EQ(peek("client", at_second(0)), 1u);
  const auto lock = *messages->lock_of(message_number(1));
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->owner, "client");
  EXPECT_EQ(lock->expires, at_second(300));
  EXPECT_EQ(lock->fence, 1u);
  EXPECT_EQ(*messages->next_lock_expiry(arkiv), at_second(300));
  EXPECT_EQ(*messages->next_lock_expiry(lonn), std::nullopt);
}

TEST_P(inboxes, hands_out_what_matches_and_leaves_the_others_in_their_places) {
  for (unsigned n = 1; n <= 20; ++n) insert(n);
  const auto even = [](const inbound_message& m) { return m.type == "even"; };
  EXPECT_EQ(peek("c", at_second(0), even), 2u);
  EXPECT_EQ(peek("c", at_second(0), even), 4u);
  EXPECT_EQ(peek("c", at_second(0), [](const auto&) { return false; }), 0u);
  EXPECT_EQ(peek(), 1u);
  EXPECT_EQ(peek(), 3u);
}

TEST_P(inboxes, lets_one_of_two_simultaneous_peeks_have_a_message) {
  insert(1);
  std::vector<batch> group(2);
  std::uint64_t cursor = 0;
  ASSERT_TRUE(*messages->peek(group[0], arkiv, cursor, {}, "a", at_second(0), 300s));
  ASSERT_TRUE(*messages->peek(group[1], arkiv, cursor, {}, "b", at_second(0), 300s));
  const auto answers = store->commit(group);
  EXPECT_EQ(outcome(answers[0]), "");
  EXPECT_EQ(outcome(answers[1]), "precondition failed");
  EXPECT_EQ((*messages->lock_of(message_number(1)))->owner, "a");
}

TEST_P(inboxes, hands_out_different_messages_to_peeks_in_one_batch) {
  insert(1);
  insert(2);
  batch b;
  const auto first = messages->peek(b, arkiv, from, {}, "a", at_second(0), 300s);
  const auto second = messages->peek(b, arkiv, from, {}, "a", at_second(0), 300s);
  const auto third = messages->peek(b, arkiv, from, {}, "a", at_second(0), 300s);
  ASSERT_TRUE(*first && *second);
  EXPECT_EQ(number_of((*first)->message), 1u);
  EXPECT_EQ(number_of((*second)->message), 2u);
  EXPECT_FALSE(*third);
  EXPECT_EQ(commit(b), "");
}

TEST_P(inboxes, keeps_an_overdue_lock_until_it_is_swept) {
  insert(1);
  ASSERT_EQ(peek(), 1u);
  EXPECT_EQ(peek("other", at_second(1000)), 0u);
  EXPECT_TRUE(*messages->lock_of(message_number(1)));
  EXPECT_EQ(sweep(at_second(299)), 0u);
  EXPECT_EQ(sweep(at_second(300)), 1u);
  EXPECT_FALSE(*messages->lock_of(message_number(1)));
  EXPECT_EQ(*messages->next_lock_expiry(arkiv), std::nullopt);
  EXPECT_EQ(peek("other", at_second(1000)), 1u);
}

TEST_P(inboxes, puts_a_swept_message_at_the_back_as_if_new) {
  const auto before = insert(1);
  insert(2);
  ASSERT_EQ(peek(), 1u);
  ASSERT_EQ(sweep(at_second(300)), 1u);
  const auto after = **messages->find(message_number(1));
  EXPECT_EQ(after.last_updated, at_second(300));
  EXPECT_GT(after.order, before.order);
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(peek("c", at_second(301)), 2u);
  EXPECT_EQ(peek("c", at_second(301)), 1u);
  EXPECT_EQ((*messages->lock_of(message_number(1)))->fence, 2u);
}

TEST_P(inboxes, sweeps_no_more_than_the_limit_at_a_time) {
  for (unsigned n = 1; n <= 5; ++n) insert(n);
  for (unsigned n = 1; n <= 5; ++n) ASSERT_EQ(peek("c", at_second(n)), n);
  EXPECT_EQ(sweep(at_second(1000), 3), 3u);
  EXPECT_EQ(*messages->next_lock_expiry(arkiv), at_second(304));
  EXPECT_EQ(sweep(at_second(1000), 3), 2u);
  EXPECT_EQ(sweep(at_second(1000), 3), 0u);
}

TEST_P(inboxes, removes_a_locked_message_with_every_trace) {
  insert(1);
  ASSERT_EQ(peek(), 1u);
  EXPECT_EQ(remove(1, *messages->lock_of(message_number(1))), "");
  EXPECT_FALSE(*messages->find(message_number(1)));
  expect_nothing_left();
}

TEST_P(inboxes, removes_without_a_lock_whether_locked_or_not) {
  insert(1);
  insert(2);
  ASSERT_EQ(peek(), 1u);
  EXPECT_EQ(remove(1, std::nullopt), "");
  EXPECT_EQ(remove(2, std::nullopt), "");
  expect_nothing_left();
}

TEST_P(inboxes, refuses_to_remove_under_a_lock_that_was_swept_and_taken_by_another) {
  insert(1);
  ASSERT_EQ(peek("a"), 1u);
  const auto stale = *messages->lock_of(message_number(1));
  ASSERT_EQ(sweep(at_second(300)), 1u);
  ASSERT_EQ(peek("b", at_second(301)), 1u);
  EXPECT_EQ(remove(1, stale), "fenced");
  EXPECT_TRUE(*messages->find(message_number(1)));
}

TEST_P(inboxes, refuses_to_remove_a_message_that_was_swept_in_between) {
  const auto m = insert(1);
  ASSERT_EQ(peek("a"), 1u);
  batch late;
  messages->remove(late, m, *messages->lock_of(message_number(1)));
  ASSERT_EQ(sweep(at_second(300)), 1u);
  EXPECT_EQ(commit(late), "precondition failed");
  EXPECT_EQ(peek("b", at_second(301)), 1u);
}

TEST_P(inboxes, of_sweep_and_removal_at_the_same_time_one_happens) {
  const auto m = insert(1);
  ASSERT_EQ(peek("a"), 1u);
  std::vector<batch> group(2);
  messages->remove(group[0], m, *messages->lock_of(message_number(1)));
  ASSERT_TRUE(messages->sweep(group[1], arkiv, *ids, at_second(300), 10));
  const auto answers = store->commit(group);
  EXPECT_EQ(outcome(answers[0]), "");
  EXPECT_FALSE(answers[1]);
  expect_nothing_left();
}

TEST_P(inboxes, lists_locked_and_unlocked_alike_by_row_id) {
  for (unsigned n = 1; n <= 12; ++n) insert(n);
  insert(13, lonn);
  ASSERT_EQ(peek(), 1u);
  ASSERT_EQ(sweep(at_second(300)), 1u);  // a new place in the queue, the same in the list
  ASSERT_EQ(peek(), 2u);
  const auto first = messages->list(arkiv, {.offset = 0, .size = 5}, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->total, 12u);
  ASSERT_EQ(first->items.size(), 5u);
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(number_of(first->items[i]), i + 1);
  const auto even = messages->list(arkiv, {.offset = 1, .size = 2, .order = scan_order::descending},
                                   [](const inbound_message& m) { return m.type == "even"; });
  ASSERT_TRUE(even);
  EXPECT_EQ(even->total, 6u);
  ASSERT_EQ(even->items.size(), 2u);
  EXPECT_EQ(number_of(even->items[0]), 10u);
  EXPECT_EQ(number_of(even->items[1]), 8u);
}

TEST_P(inboxes, finds_a_message_whose_smaller_order_was_committed_later) {
  // Two arrivals get their orders and are committed the other way round, with a peek in between.
  batch slow;
  inbound_message m;
  m.id = *ids->next(slow);
  m.order = *ids->next(slow);
  m.message = message_number(1);
  m.channel = arkiv;
  messages->insert(slow, m);
  for (unsigned n = 2; n < 50; ++n) insert(n);
  for (unsigned n = 2; n < 50; ++n) ASSERT_EQ(peek(), n);
  ASSERT_EQ(commit(slow), "");
  EXPECT_EQ(peek(), 1u);
}

TEST_P(inboxes, moves_its_cursor_past_what_is_gone) {
  batch skipped;
  for (unsigned i = 0; i < 5000; ++i) ASSERT_TRUE(ids->next(skipped));
  ASSERT_EQ(commit(skipped), "");
  const auto first = insert(1);
  const auto second = insert(2);
  EXPECT_EQ(peek(), 1u);
  EXPECT_EQ(from, first.order - inbox::commit_window);
  EXPECT_EQ(peek(), 2u);
  EXPECT_EQ(from, second.order - inbox::commit_window);
  EXPECT_EQ(peek(), 0u);
  EXPECT_EQ(from, second.order - inbox::commit_window);
}

TEST_P(inboxes, does_not_walk_a_long_history_again) {
  if (GetParam() != engine_kind::rocksdb) GTEST_SKIP() << "only RocksDB leaves tombstones";
  // 20 000 messages come and go in a few commits; then a peek from the cursor must not pass them.
  const auto come_and_go = [&](unsigned begin) {
    std::vector<batch> group(2);
    std::vector<inbound_message> all;
    for (unsigned n = begin; n < begin + 5000; ++n) {
      inbound_message m;
      m.id = *ids->next(group[0]);
      m.order = *ids->next(group[0]);
      m.message = message_number(n);
      m.channel = arkiv;
      messages->insert(group[0], m);
      messages->remove(group[1], m, std::nullopt);
    }
    for (const auto& answer : store->commit(group)) ASSERT_TRUE(answer);
    insert(begin + 5000);
    ASSERT_EQ(peek(), begin + 5000);
  };
  for (unsigned round = 0; round < 4; ++round) come_and_go(1 + round * 10'000);
  const auto passed_over = [&](std::uint64_t start) {
    rocksdb::SetPerfLevel(rocksdb::kEnableCount);
    rocksdb::get_perf_context()->Reset();
    batch b;
    EXPECT_FALSE(*messages->peek(b, arkiv, start, {}, "c", at_second(0), 300s));
    rocksdb::SetPerfLevel(rocksdb::kDisable);
    return rocksdb::get_perf_context()->internal_delete_skipped_count;
  };
  EXPECT_LE(passed_over(from), inbox::commit_window);
  EXPECT_GE(passed_over(0), 5000u);  // else this test shows nothing
}

TEST_P(inboxes, keeps_organisations_apart) {
  insert(1);
  const inbox other(*store, oslo);
  EXPECT_FALSE(*other.find(message_number(1)));
  batch b;
  std::uint64_t cursor = 0;
  EXPECT_FALSE(*other.peek(b, arkiv, cursor, {}, "c", at_second(0), 300s));
  EXPECT_EQ(other.list(arkiv, {}, {})->total, 0u);
}

INSTANTIATE_TEST_SUITE_P(both, inboxes,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);
