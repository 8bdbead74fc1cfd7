#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

constexpr auto arkiv = channel_number{1};
constexpr auto lonn = channel_number{2};

class outgoing : public ::testing::Test {
 protected:
  std::unique_ptr<engine> store = make_memory_engine();
  outgoing_messages messages{*store, hamar};

  static outgoing_message numbered(unsigned n, channel_number channel = arkiv) {
    outgoing_message m;
    m.id = n;
    m.message = message_number(1000 - n);  // so that ids and message ids have different orders
    m.channel = channel;
    m.via = service::dpo;
    m.receiver_identifier = n % 2 == 0 ? "even" : "odd";
    return m;
  }
  void insert(const outgoing_message& m) {
    batch b;
    messages.insert(b, m);
    EXPECT_EQ(outcome_of(*store, b), "");
  }
};

}  // namespace

TEST_F(outgoing, are_found_in_their_channel_only) {
  insert(numbered(1));
  EXPECT_TRUE(messages.find(arkiv, numbered(1).message)->has_value());
  EXPECT_FALSE(messages.find(lonn, numbered(1).message)->has_value());
  EXPECT_EQ(*messages.owner(numbered(1).message), arkiv);
  EXPECT_EQ(*messages.owner(numbered(2).message), std::nullopt);
}

TEST_F(outgoing, have_their_document_beside_them) {
  auto m = numbered(1);
  m.sbd = "{\"a\": 1}";
  insert(m);
  const auto whole = *messages.find(arkiv, m.message);
  EXPECT_EQ(whole->sbd, m.sbd);
  const auto without = *messages.find_without_document(arkiv, m.message);
  EXPECT_EQ(without->sbd, "");
  EXPECT_EQ(*messages.document(*without), m.sbd);
  auto after = *without;
  after.queued = true;
  batch b;
  messages.update(b, *without, after);
  EXPECT_LT(b.byte_size(), 200u) << "a change does not write the document again";
  EXPECT_EQ(outcome_of(*store, b), "");
  EXPECT_EQ((*messages.find(m.message))->sbd, m.sbd);
  batch gone;
  messages.remove(gone, after);
  EXPECT_EQ(outcome_of(*store, gone), "");
  EXPECT_EQ(entries_of(*store, hamar, record_kind::outgoing_document), 0u);
}

TEST_F(outgoing, of_older_programs_have_it_inside_and_keep_it_there) {
  auto m = numbered(1);
  m.sbd = "{}";
  m.document_inside = true;
  insert(m);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::outgoing_document), 0u);
  const auto before = *messages.find(arkiv, m.message);
  EXPECT_EQ(before->sbd, "{}");
  auto after = *before;
  after.queued = true;
  batch b;
  messages.update(b, *before, after);
  EXPECT_EQ(outcome_of(*store, b), "");
  EXPECT_EQ((*messages.find(arkiv, m.message))->sbd, "{}");
  EXPECT_TRUE((*messages.find(arkiv, m.message))->queued);
}

TEST_F(outgoing, have_a_message_id_once_in_the_whole_organisation) {
  insert(numbered(1));
  batch b;
  messages.insert(b, numbered(1, lonn));
  EXPECT_EQ(outcome_of(*store, b), "precondition failed");
  batch other_organisation;
  outgoing_messages(*store, oslo).insert(other_organisation, numbered(1));
  EXPECT_EQ(outcome_of(*store, other_organisation), "");
}

TEST_F(outgoing, are_changed_only_from_what_was_read) {
  insert(numbered(1));
  const auto before = **messages.find(arkiv, numbered(1).message);
  auto first = before;
  first.queued = true;
  auto second = before;
  second.files.push_back({"a.txt", std::nullopt, "text/plain", 1, false, {}});
  batch one, two;
  messages.update(one, before, first);
  messages.update(two, before, second);
  EXPECT_EQ(outcome_of(*store, one), "");
  EXPECT_EQ(outcome_of(*store, two), "precondition failed");
  EXPECT_TRUE((*messages.find(arkiv, before.message))->queued);
  batch stale_removal;
  messages.remove(stale_removal, before);
  EXPECT_EQ(outcome_of(*store, stale_removal), "precondition failed");
}

TEST_F(outgoing, leave_nothing_when_removed) {
  insert(numbered(1));
  batch b;
  messages.remove(b, numbered(1));
  EXPECT_EQ(outcome_of(*store, b), "");
  EXPECT_EQ(entries_of(*store, hamar, record_kind::outgoing_message), 0u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::outgoing_owner), 0u);
  insert(numbered(1, lonn));
}

TEST_F(outgoing, are_listed_by_row_id_in_pages) {
  for (unsigned n = 1; n <= 25; ++n) insert(numbered(n));
  insert(numbered(26, lonn));
  const auto second = messages.list(arkiv, {.offset = 10, .size = 10}, {});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->total, 25u);
  ASSERT_EQ(second->items.size(), 10u);
  EXPECT_EQ(second->items.front().id, 11u);
  EXPECT_EQ(second->items.back().id, 20u);
  const auto newest =
      messages.list(arkiv, {.offset = 0, .size = 3, .order = scan_order::descending},
                    [](const outgoing_message& m) { return m.receiver_identifier == "even"; });
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->total, 12u);
  ASSERT_EQ(newest->items.size(), 3u);
  EXPECT_EQ(newest->items[0].id, 24u);
  EXPECT_EQ(newest->items[2].id, 20u);
  EXPECT_TRUE(messages.list(arkiv, {.offset = 25, .size = 10}, {})->items.empty());
  EXPECT_EQ(messages.list(arkiv, {.offset = UINT64_MAX, .size = UINT64_MAX}, {})->total, 25u);
}
