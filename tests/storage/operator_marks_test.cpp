#include "storage/operator_marks.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

class marks_of_operators : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    items = std::make_unique<outbox>(*store, hamar, service::dpo);
    item.id = 7;
    item.via = service::dpo;
    item.message = message_number(7);
    item.queued = at_second(0);
    item.due = at_second(0);
    batch b;
    items->insert(b, item);
    EXPECT_EQ(commit(b), "");
  }
  std::vector<outbox::claimed> claim(time_point now) {
    batch b;
    time_point from{};
    auto found = items->claim_due(b, from, now, 10, "worker", 60s);
    EXPECT_TRUE(found);
    EXPECT_EQ(commit(b), "");
    return *found;
  }
  std::string move_to(time_point due) {
    batch b;
    const auto now_is = items->find(item.id);
    EXPECT_TRUE(now_is && *now_is);
    const auto moved = reschedule(b, *store, hamar, **now_is, due);
    return moved ? commit(b) : outcome(moved);
  }

  std::unique_ptr<outbox> items;
  outbox_item item;
};

}  // namespace

TEST_P(marks_of_operators, an_item_is_not_claimed_before_the_time_it_was_moved_to) {
  EXPECT_EQ(move_to(at_second(100)), "");
  EXPECT_TRUE(claim(at_second(99)).empty());
  EXPECT_EQ(*items->next_due(), at_second(100));
  EXPECT_EQ(move_to(at_second(50)), "");
  EXPECT_EQ(claim(at_second(50)).size(), 1u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::outbox_due), 1u);
}

TEST_P(marks_of_operators, an_item_that_is_being_sent_is_not_moved) {
  ASSERT_EQ(claim(at_second(1)).size(), 1u);
  EXPECT_EQ(move_to(at_second(100)), "fenced");
}

TEST_P(marks_of_operators, an_item_that_failed_once_is_moved_and_sent_to_its_end) {
  auto first = claim(at_second(1));
  ASSERT_EQ(first.size(), 1u);
  batch b;
  items->postpone(b, first[0], at_second(1000), "HTTP 503");
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(move_to(at_second(2)), "");
  const auto again = claim(at_second(2));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].item.attempts, 1u);
  EXPECT_EQ(again[0].item.last_error, "HTTP 503");
  batch end;
  items->remove(end, again[0]);
  EXPECT_EQ(commit(end), "");
  EXPECT_EQ(entries_of(*store, hamar, record_kind::outbox_due), 0u);
}

TEST_P(marks_of_operators, a_mark_goes_when_its_item_has_gone) {
  const parked_items marks(*store, hamar, service::dpo);
  batch b;
  marks.put(b, 7, {at_second(1), "vakt", "wait"});
  marks.put(b, 8, {at_second(1), "vakt", "gone"});
  ASSERT_EQ(commit(b), "");
  batch tidy;
  ASSERT_TRUE(marks.tidy(tidy, 100));
  ASSERT_EQ(commit(tidy), "");
  EXPECT_EQ((*marks.find(7))->reason, "wait");
  EXPECT_FALSE(*marks.find(8));
}

TEST_P(marks_of_operators, a_pause_of_neither_is_no_pause) {
  const service_pauses pauses(*store, hamar);
  EXPECT_FALSE(*pauses.find(service::dpo));
  batch b;
  pauses.put(b, service::dpo, {true, false, at_second(1), "vakt", "storm"});
  ASSERT_EQ(commit(b), "");
  const auto found = *pauses.find(service::dpo);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->sending);
  EXPECT_FALSE(found->receiving);
  EXPECT_EQ(found->by, "vakt");
  EXPECT_FALSE(*pauses.find(service::dpv));
  batch off;
  pauses.put(off, service::dpo, {});
  ASSERT_EQ(commit(off), "");
  EXPECT_FALSE(*pauses.find(service::dpo));
}

TEST(operator_mark_encoding, stays_what_it_is) {
  const time_point at(1'700'000'000'123'456us);
  EXPECT_EQ(to_hex(encode(service_pause{true, false, at, "vakt", "ny"})),
            "01010080898182838985060476616b74026e79");
  EXPECT_EQ(to_hex(encode(parked_mark{at, "vakt", "ny"})), "0180898182838985060476616b74026e79");
  const auto read = decode_parked_mark(encode(parked_mark{at, "vakt", "ny"}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at, at);
  EXPECT_EQ(outcome(decode_service_pause("\x02")), "unknown format");
}

INSTANTIATE_TEST_SUITE_P(both, marks_of_operators,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);
