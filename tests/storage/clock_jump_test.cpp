#include "tests/storage/stores.hpp"

// The machine's clock set an hour forward or back under locks, claims and what is due.

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

constexpr auto arkiv = channel_number{1};
constexpr std::int64_t hour = 3600;
constexpr std::int64_t before_the_jump = 2 * hour;

class clock_jumps : public testing::Test {
 protected:
  void insert(unsigned n) {
    batch b;
    inbound_message m;
    m.id = *ids.next(b);
    m.order = *ids.next(b);
    m.message = message_number(n);
    m.channel = arkiv;
    m.type = "arkivmelding";
    messages.insert(b, m);
    ASSERT_EQ(outcome_of(*store, b), "");
  }

  // Whether there was one; overdue locks are swept first, as the channel does.
  bool peek(std::int64_t now) {
    batch swept;
    EXPECT_TRUE(messages.sweep(swept, arkiv, ids, at_second(now), 10));
    EXPECT_EQ(outcome_of(*store, swept), "");
    batch b;
    const auto found = messages.peek(b, arkiv, from, {}, "client", at_second(now), 300s);
    EXPECT_TRUE(found);
    if (!found || !*found) return false;
    EXPECT_EQ(outcome_of(*store, b), "");
    return true;
  }

  std::string remove(const lease& lock) {
    batch b;
    messages.remove(b, **messages.find(message_number(1)), lock);
    return outcome_of(*store, b);
  }

  void queue(std::int64_t due) {
    outbox_item item;
    item.id = 1;
    item.via = service::dpo;
    item.message = message_number(1);
    item.queued = item.due = at_second(due);
    batch b;
    items.insert(b, item);
    ASSERT_EQ(outcome_of(*store, b), "");
  }

  std::vector<outbox::claimed> claim(std::int64_t now) {
    batch b;
    auto found = items.claim_due(b, cursor, at_second(now), 10, "worker", 60s);
    EXPECT_TRUE(found);
    EXPECT_EQ(outcome_of(*store, b), "");
    return *found;
  }

  std::unique_ptr<engine> store = make_memory_engine();
  row_ids ids{*store, hamar};
  inbox messages{*store, hamar};
  outbox items{*store, hamar, service::dpo};
  std::uint64_t from = 0;
  time_point cursor{};
};

}  // namespace

TEST_F(clock_jumps, forward_end_a_peek_lock_and_fence_off_who_held_it) {
  insert(1);
  ASSERT_TRUE(peek(before_the_jump));
  const auto held = **messages.lock_of(message_number(1));
  ASSERT_TRUE(peek(before_the_jump + hour));
  EXPECT_EQ(remove(held), "fenced");
  const auto now_held = **messages.lock_of(message_number(1));
  EXPECT_GT(now_held.fence, held.fence);
  EXPECT_EQ(remove(now_held), "");
}

TEST_F(clock_jumps, back_keep_a_peek_lock_and_hand_out_nothing_twice) {
  insert(1);
  ASSERT_TRUE(peek(before_the_jump));
  const auto held = **messages.lock_of(message_number(1));
  EXPECT_FALSE(peek(before_the_jump - hour));
  EXPECT_FALSE(peek(before_the_jump + 299));
  EXPECT_EQ(remove(held), "");
}

TEST_F(clock_jumps, forward_make_due_what_waits_and_give_a_claim_to_another_with_a_higher_fence) {
  queue(before_the_jump + hour / 2);
  ASSERT_TRUE(claim(before_the_jump).empty());
  const auto first = claim(before_the_jump + hour);
  ASSERT_EQ(first.size(), 1u);
  const auto second = claim(before_the_jump + 2 * hour);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_GT(second[0].claim.fence, first[0].claim.fence);
  batch late;
  items.remove(late, first[0]);
  EXPECT_EQ(outcome_of(*store, late), "fenced");
}

TEST_F(clock_jumps, back_let_what_is_due_wait_and_lose_nothing) {
  queue(before_the_jump);
  ASSERT_TRUE(claim(before_the_jump - hour).empty());
  EXPECT_EQ(claim(before_the_jump).size(), 1u);
  // What is claimed when the clock is set back is nobody else's for that much longer.
  EXPECT_TRUE(claim(before_the_jump - hour).empty());
  EXPECT_TRUE(claim(before_the_jump + 59).empty());
  EXPECT_EQ(claim(before_the_jump + 60).size(), 1u);
}
