#include "storage/lease.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

class leases : public store_test {
 protected:
  // Takes and commits; the outcome of either.
  std::string take(std::string_view owner, time_point now) {
    const auto current = read_lease(*store, "seat");
    if (!current) return outcome(current);
    batch b;
    const auto taken = take_lease(b, "seat", *current, owner, now, 10s);
    if (!taken) return outcome(taken);
    return commit(b);
  }
  lease held() {
    const auto found = read_lease(*store, "seat");
    EXPECT_TRUE(found && *found);
    return found && *found ? **found : lease{};
  }
};

}  // namespace

TEST_P(leases, nobody_holds_what_was_never_taken) {
  const auto found = read_lease(*store, "seat");
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_P(leases, first_taker_gets_fence_one) {
  EXPECT_EQ(take("a", at_second(0)), "");
  EXPECT_EQ(held().owner, "a");
  EXPECT_EQ(held().fence, 1u);
  EXPECT_EQ(held().expires, at_second(10));
  EXPECT_TRUE(held().held_at(at_second(9)));
  EXPECT_FALSE(held().held_at(at_second(10)));
}

TEST_P(leases, another_owner_has_to_wait_for_the_expiry) {
  ASSERT_EQ(take("a", at_second(0)), "");
  EXPECT_EQ(take("b", at_second(9)), "fenced");
  EXPECT_EQ(held().owner, "a");
  EXPECT_EQ(take("b", at_second(10)), "");
  EXPECT_EQ(held().owner, "b");
  EXPECT_EQ(held().fence, 2u);
}

TEST_P(leases, renewal_by_the_live_owner_keeps_the_fence) {
  ASSERT_EQ(take("a", at_second(0)), "");
  EXPECT_EQ(take("a", at_second(5)), "");
  EXPECT_EQ(held().fence, 1u);
  EXPECT_EQ(held().expires, at_second(15));
}

TEST_P(leases, an_owner_that_comes_back_after_its_expiry_gets_a_new_fence) {
  ASSERT_EQ(take("a", at_second(0)), "");
  EXPECT_EQ(take("a", at_second(11)), "");
  EXPECT_EQ(held().fence, 2u);
}

TEST_P(leases, work_of_an_owner_that_has_been_overtaken_is_fenced_off) {
  ASSERT_EQ(take("a", at_second(0)), "");
  const auto stale = held();
  ASSERT_EQ(take("b", at_second(20)), "");
  batch late;
  late.require_fence("seat", stale.fence);
  late.put("work", "of a");
  EXPECT_EQ(commit(late), "fenced");
  EXPECT_FALSE(store->get("work")->has_value());
  batch give_back;
  release_lease(give_back, "seat", stale);
  EXPECT_EQ(commit(give_back), "fenced");
  EXPECT_EQ(held().owner, "b");
}

TEST_P(leases, the_fence_never_falls_not_even_when_given_back) {
  ASSERT_EQ(take("a", at_second(0)), "");
  batch b;
  release_lease(b, "seat", held());
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(held().owner, "");
  EXPECT_EQ(held().fence, 1u);
  EXPECT_FALSE(held().held_at(at_second(1)));
  EXPECT_EQ(take("b", at_second(1)), "");
  EXPECT_EQ(held().fence, 2u);
}

TEST_P(leases, of_two_that_read_the_same_state_one_commits) {
  const auto seen = read_lease(*store, "seat");
  batch first, second;
  ASSERT_TRUE(take_lease(first, "seat", *seen, "a", at_second(0), 10s));
  ASSERT_TRUE(take_lease(second, "seat", *seen, "b", at_second(0), 10s));
  EXPECT_EQ(commit(first), "");
  EXPECT_EQ(commit(second), "precondition failed");
  EXPECT_EQ(held().owner, "a");
}

TEST(lease_encoding, stays_what_it_is) {
  const lease held{"node-1", time_point(1'700'000'000'123'456us), 300};
  EXPECT_EQ(to_hex(encode(held)), "01066e6f64652d318089818283898506ac02");
  const auto read = decode_lease(encode(held));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->owner, held.owner);
  EXPECT_EQ(read->expires, held.expires);
  EXPECT_EQ(read->fence, held.fence);
}

TEST(lease_encoding, is_refused_when_newer_cut_or_longer) {
  const auto bytes = encode(lease{"node-1", at_second(0), 3});
  auto newer = bytes;
  newer[0] = 2;
  EXPECT_EQ(outcome(decode_lease(newer)), "unknown format");
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_EQ(outcome(decode_lease(bytes.substr(0, n))), "corrupt") << n;
  EXPECT_EQ(outcome(decode_lease(bytes + "x")), "corrupt");
}

INSTANTIATE_TEST_SUITE_P(both, leases, ::testing::Values(engine_kind::memory, engine_kind::rocksdb),
                         name_of);
