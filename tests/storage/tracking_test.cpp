#include "storage/tracking.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

tracked sample(unsigned n, time_point due) {
  tracked t;
  t.message = message_number(n);
  t.external_id = "e-" + std::to_string(n);
  t.sent = at_second(0);
  t.due = due;
  t.ends = at_second(100000);
  return t;
}

class tracked_messages : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    all = std::make_unique<tracking>(*store, hamar, service::dpv);
  }
  void insert(const tracked& t) {
    batch b;
    all->insert(b, t);
    ASSERT_EQ(commit(b), "");
  }
  std::vector<std::string> due(std::int64_t second, std::size_t limit = 10) {
    std::vector<std::string> ids;
    const auto found = all->due(from, at_second(second), limit);
    EXPECT_TRUE(found);
    for (const auto& each : *found) ids.push_back(each.external_id);
    return ids;
  }

  std::unique_ptr<tracking> all;
  time_point from{};
};

using names = std::vector<std::string>;

}  // namespace

TEST_P(tracked_messages, come_when_they_are_due_the_longest_due_first) {
  insert(sample(1, at_second(20)));
  insert(sample(2, at_second(10)));
  insert(sample(3, at_second(500)));
  EXPECT_EQ(due(9), names());
  EXPECT_EQ(due(20), (names{"e-2", "e-1"}));
  EXPECT_EQ(due(20, 1), names{"e-2"});
  EXPECT_EQ(*all->next_due(from), at_second(10));
}

TEST_P(tracked_messages, move_to_their_next_time) {
  insert(sample(1, at_second(10)));
  auto after = sample(1, at_second(300));
  after.asks = 1;
  batch b;
  all->update(b, sample(1, at_second(10)), after);
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(due(299), names());
  EXPECT_EQ(*all->next_due(from), at_second(300));
  EXPECT_EQ(due(300), names{"e-1"});
  EXPECT_EQ((*all->find(message_number(1)))->asks, 1u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::tracked_by_due), 1u);
}

TEST_P(tracked_messages, are_found_though_they_fall_due_behind_the_cursor) {
  EXPECT_EQ(due(1000), names());
  insert(sample(1, at_second(990)));  // written before, committed now
  EXPECT_EQ(due(1001), names{"e-1"});
  EXPECT_EQ(due(5000), names{"e-1"});
  EXPECT_EQ(due(100), names());  // the clock was set back
  insert(sample(2, at_second(90)));
  EXPECT_EQ(due(101), names{"e-2"});
}

TEST_P(tracked_messages, are_changed_by_one_only) {
  insert(sample(1, at_second(10)));
  batch again;
  all->insert(again, sample(1, at_second(20)));
  EXPECT_EQ(commit(again), "precondition failed");
  batch stale;
  all->update(stale, sample(1, at_second(11)), sample(1, at_second(20)));
  EXPECT_EQ(commit(stale), "precondition failed");
}

TEST_P(tracked_messages, go_without_a_trace) {
  insert(sample(1, at_second(10)));
  batch b;
  all->remove(b, sample(1, at_second(10)));
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(entries_of(*store, hamar, record_kind::tracked_by_due), 0u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::tracked), 0u);
}

TEST_P(tracked_messages, are_of_one_service_and_one_organisation) {
  insert(sample(1, at_second(10)));
  const tracking other(*store, hamar, service::dpf);
  const tracking elsewhere(*store, oslo, service::dpv);
  EXPECT_FALSE(other.find(message_number(1))->has_value());
  EXPECT_FALSE(elsewhere.next_due()->has_value());
}

INSTANTIATE_TEST_SUITE_P(both, tracked_messages,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

TEST(tracked_record, bytes_are_as_written_and_a_newer_version_is_refused) {
  auto t = sample(1, at_second(1));
  t.memo = "m";
  t.ends = at_second(2);
  t.asks = 300;
  t.failures = 2;
  t.last_error = "HTTP 503";
  const auto bytes = encode(t);
  EXPECT_EQ(
      to_hex(bytes),
      "012430303030303030302d303030302d343030302d383030302d30303030303030303030303103652d31016d80"
      "80f281838985068089ec82838985068092e68383898506ac0202084854545020353033");
  const auto read = decode_tracked(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), bytes);
  auto newer = bytes;
  newer[0] = 2;
  EXPECT_EQ(outcome(decode_tracked(newer)), "unknown format");
  EXPECT_EQ(outcome(decode_tracked(bytes.substr(0, 20))), "corrupt");
}
