#include "storage/reindex.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

constexpr auto arkiv = channel_number{1};
constexpr auto lonn = channel_number{2};

class conversation_store : public ::testing::Test {
 protected:
  std::unique_ptr<engine> store = make_memory_engine();
  row_ids ids{*store, hamar};
  conversations all{*store, hamar};
  statuses rows{*store, hamar, {{arkiv, {service::dpo}}}};

  static conversation about(unsigned n, direction way = direction::outgoing,
                            service via = service::dpo) {
    conversation c;
    c.message = message_number(n);
    c.channel = arkiv;
    c.way = way;
    c.via = via;
    c.expires = at_second(100 + n);
    return c;
  }
  conversation start(conversation c, std::vector<status_change> initial = {
                                         {status_name::opprettet, {}, {}, at_second(0)}}) {
    batch b;
    EXPECT_TRUE(start_conversation(b, all, rows, ids, c, initial));
    EXPECT_EQ(outcome_of(*store, b), "");
    return c;
  }
  bool add(conversation& c, status_name name, time_point at = at_second(1)) {
    batch b;
    const auto added = register_status(b, all, rows, ids, c, {name, "why", "raw", at});
    EXPECT_TRUE(added);
    EXPECT_EQ(b.empty(), !*added);
    EXPECT_EQ(outcome_of(*store, b), "");
    return *added;
  }
};

}  // namespace

TEST_F(conversation_store, finds_by_row_and_by_message_and_direction) {
  const auto c = start(about(1));
  EXPECT_GT(c.id, 0u);
  EXPECT_EQ((*all.find(arkiv, c.id))->message, c.message);
  EXPECT_FALSE(*all.find(lonn, c.id));
  EXPECT_EQ((*all.find(direction::outgoing, c.message))->id, c.id);
  EXPECT_FALSE(*all.find(direction::incoming, c.message));
  EXPECT_FALSE(*conversations(*store, oslo).find(direction::outgoing, c.message));
}

TEST_F(conversation_store, has_a_message_once_per_direction) {
  start(about(1));
  start(about(1, direction::incoming));
  auto again = about(1);
  again.channel = lonn;
  batch b;
  ASSERT_TRUE(start_conversation(b, all, rows, ids, again, {}));
  EXPECT_EQ(outcome_of(*store, b), "precondition failed");
}

TEST_F(conversation_store, is_changed_only_from_what_was_read) {
  const auto before = start(about(1));
  auto first = before;
  first.message_title = "a";
  auto second = before;
  second.message_title = "b";
  batch one, two;
  all.update(one, before, first);
  all.update(two, before, second);
  EXPECT_EQ(outcome_of(*store, one), "");
  EXPECT_EQ(outcome_of(*store, two), "precondition failed");
}

TEST_F(conversation_store, shows_what_has_expired_unfinished_oldest_first) {
  start(about(3));
  start(about(1));
  auto done = start(about(2));
  ASSERT_TRUE(add(done, status_name::levert));
  auto endless = about(4);
  endless.expires.reset();
  start(endless);
  EXPECT_EQ(*all.next_expiry(), at_second(101));
  EXPECT_TRUE(all.expired(at_second(100), 10)->empty());
  EXPECT_EQ(all.expired(at_second(101), 10)->size(), 1u);
  const auto expired = *all.expired(at_second(1000), 10);
  ASSERT_EQ(expired.size(), 2u);
  EXPECT_EQ(expired[0].message, message_number(1));
  EXPECT_EQ(expired[1].message, message_number(3));
  EXPECT_EQ(all.expired(at_second(1000), 1)->size(), 1u);
  EXPECT_EQ(all.expired(at_second(1000), 0)->size(), 0u);
}

TEST_F(conversation_store, moves_the_expiry_when_it_is_changed) {
  const auto before = start(about(1));
  auto after = before;
  after.expires = at_second(500);
  batch b;
  all.update(b, before, after);
  ASSERT_EQ(outcome_of(*store, b), "");
  EXPECT_EQ(*all.next_expiry(), at_second(500));
  EXPECT_EQ(entries_of(*store, hamar, record_kind::conversation_expiry), 1u);
}

TEST_F(conversation_store, leaves_nothing_when_removed_with_its_statuses) {
  auto c = start(about(1));
  add(c, status_name::sendt);
  batch b;
  rows.remove_of(b, c, *rows.of_conversation(c));
  all.remove(b, c);
  ASSERT_EQ(outcome_of(*store, b), "");
  for (const auto kind :
       {record_kind::conversation, record_kind::conversation_by_message,
        record_kind::conversation_expiry, record_kind::conversation_set,
        record_kind::conversation_by_update, record_kind::status, record_kind::status_by_message,
        record_kind::status_by_update, record_kind::status_queue})
    EXPECT_EQ(entries_of(*store, hamar, kind), 0u) << static_cast<int>(kind);
  start(about(1));
}

TEST_F(conversation_store, is_listed_in_pages_with_and_without_a_filter) {
  for (unsigned n = 1; n <= 30; ++n) {
    auto c = about(n);
    c.message_title = n % 3 == 0 ? "third" : "";
    start(c);
  }
  const auto plain = all.list(arkiv, {.offset = 28, .size = 10}, {});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->total, 30u);
  ASSERT_EQ(plain->items.size(), 2u);
  EXPECT_EQ(plain->items[1].message, message_number(30));
  const auto thirds = all.list(arkiv, {.offset = 2, .size = 2, .order = scan_order::descending},
                               [](const conversation& c) { return c.message_title == "third"; });
  ASSERT_TRUE(thirds);
  EXPECT_EQ(thirds->total, 10u);
  ASSERT_EQ(thirds->items.size(), 2u);
  EXPECT_EQ(thirds->items[0].message, message_number(24));
  EXPECT_EQ(thirds->items[1].message, message_number(21));
  EXPECT_EQ(all.list(lonn, {}, {})->total, 0u);
  EXPECT_EQ(all.list(arkiv, {.offset = 0, .size = 0}, {})->total, 30u);
}

TEST_F(conversation_store, is_removed_only_as_it_was_read) {
  auto c = start(about(1));
  const auto before = c;
  add(c, status_name::sendt);
  batch b;
  all.remove(b, before);
  EXPECT_EQ(outcome_of(*store, b), "precondition failed");
}

TEST_F(conversation_store, is_listed_by_last_update_with_the_sets_apart) {
  std::vector<conversation> made;
  for (unsigned n = 1; n <= 12; ++n)
    made.push_back(start(about(n, direction::outgoing, n > 9 ? service::dpv : service::dpo)));
  add(made[2], status_name::sendt, at_second(20));
  add(made[5], status_name::feil, at_second(30));
  add(made[10], status_name::sendt, at_second(40));
  const auto messages = [&](conversations::set which, page_request request) {
    const auto found = all.by_update(arkiv, which, request, {});
    EXPECT_TRUE(found);
    std::vector<std::size_t> numbers;
    for (const auto& c : found->items)
      for (std::size_t i = 0; i < made.size(); ++i)
        if (made[i].id == c.id) numbers.push_back(i + 1);
    return std::pair(numbers, found->total);
  };
  using set = conversations::set;
  using numbers = std::vector<std::size_t>;
  constexpr auto newest = scan_order::descending;
  EXPECT_EQ(messages(set::all, {.offset = 0, .size = 4, .order = newest}),
            std::pair(numbers({11, 6, 3, 12}), std::uint64_t{12}));
  EXPECT_EQ(messages(set::all, {.offset = 1, .size = 2, .order = newest}),
            std::pair(numbers({6, 3}), std::uint64_t{12}));
  EXPECT_EQ(messages(set::all, {.offset = 9, .size = 9}),
            std::pair(numbers({3, 6, 11}), std::uint64_t{12}));
  EXPECT_EQ(messages(set::pollable, {.order = newest}), std::pair(numbers({11}), std::uint64_t{1}));
  EXPECT_EQ(messages(set::unfinished, {.offset = 0, .size = 2, .order = newest}),
            std::pair(numbers({11, 3}), std::uint64_t{11}));
  const auto dpv = all.by_update(arkiv, set::all, {.order = newest},
                                 [](const conversation& c) { return c.via == service::dpv; });
  EXPECT_EQ(dpv->total, 3u);
  EXPECT_EQ(all.by_update(lonn, set::all, {}, {})->total, 0u);
}

TEST_F(conversation_store, finds_the_messages_of_a_conversation_id) {
  const auto id = *conversation_id::parse("37efbd4c-413d-4e2c-bbc5-257ef4a65a45");
  for (unsigned n = 1; n <= 4; ++n) {
    auto c = about(n);
    if (n % 2 == 0) c.conversation_ref = id;
    start(c);
  }
  const auto found = all.of_reference(arkiv, id);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[1].message, message_number(4));
  EXPECT_TRUE(all.of_reference(lonn, id)->empty());
}

TEST_F(conversation_store, queues_statuses_and_takes_removed_ones_off) {
  auto c = start(about(1));
  auto other = start(about(2, direction::outgoing, service::dpv));
  add(c, status_name::sendt);
  add(other, status_name::sendt);
  const auto queued = *rows.queue().first(arkiv, 10);
  ASSERT_EQ(queued.size(), 2u);
  EXPECT_EQ((*rows.find(arkiv, queued[1]))->name, status_name::sendt);
  batch b;
  rows.remove_of(b, c, *rows.of_conversation(c));
  all.remove(b, c);
  ASSERT_EQ(outcome_of(*store, b), "");
  EXPECT_TRUE(rows.queue().first(arkiv, 10)->empty());
}

TEST_F(conversation_store, gets_indexes_that_an_earlier_store_lacks) {
  for (unsigned n = 1; n <= 7; ++n) start(about(n));
  for (const auto kind : {record_kind::conversation_set, record_kind::conversation_by_update,
                          record_kind::status_by_update}) {
    const auto prefix = key_builder(hamar, kind).str();
    ASSERT_TRUE(store->erase_range(prefix, prefix_end(prefix)));
  }
  int rounds = 0;
  for (;; ++rounds) {
    batch b;
    const auto complete = complete_indexes(b, *store, hamar, arkiv, 3);
    ASSERT_TRUE(complete);
    EXPECT_EQ(*complete, b.empty());
    if (*complete) break;
    ASSERT_EQ(outcome_of(*store, b), "");
    ASSERT_LT(rounds, 10);
  }
  EXPECT_EQ(rounds, 3);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::conversation_by_update), 7u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::conversation_set), 14u);
  EXPECT_EQ(rows.between(arkiv, at_second(0), at_second(0), {}, {})->total, 7u);
}

TEST_F(conversation_store, says_so_when_a_record_cannot_be_read) {
  const auto c = start(about(1));
  batch b;
  b.put(key_builder(hamar, record_kind::conversation).u32(1).u64(c.id).str(), "\x01rubbish");
  ASSERT_EQ(outcome_of(*store, b), "");
  EXPECT_EQ(outcome(all.find(arkiv, c.id)), "corrupt");
  EXPECT_EQ(outcome(all.list(arkiv, {}, {})), "corrupt");
}

TEST_F(conversation_store, registers_a_status_once_per_name) {
  auto c = start(about(1));
  EXPECT_FALSE(add(c, status_name::opprettet));
  EXPECT_TRUE(add(c, status_name::sendt));
  EXPECT_FALSE(add(c, status_name::sendt));
  const auto found = *rows.of_conversation(c);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, status_name::opprettet);
  EXPECT_EQ(found[1].name, status_name::sendt);
  EXPECT_EQ(found[1].description, "why");
  EXPECT_EQ(found[1].raw_receipt, "raw");
  EXPECT_EQ(found[1].conversation_row, c.id);
  EXPECT_EQ(found[1].last_update, at_second(1));
  EXPECT_EQ((*all.find(arkiv, c.id))->statuses, c.statuses);
}

TEST_F(conversation_store, registers_of_two_at_the_same_time_one) {
  const auto c = start(about(1));
  auto one = c;
  auto two = c;
  batch first, second;
  ASSERT_TRUE(*register_status(first, all, rows, ids, one, {status_name::sendt, {}, {}, {}}));
  ASSERT_TRUE(*register_status(second, all, rows, ids, two, {status_name::sendt, {}, {}, {}}));
  EXPECT_EQ(outcome_of(*store, first), "");
  EXPECT_EQ(outcome_of(*store, second), "precondition failed");
  EXPECT_EQ(rows.of_conversation(c)->size(), 2u);
}

TEST_F(conversation_store, registers_nothing_that_may_not_follow) {
  auto c = start(about(1));
  EXPECT_TRUE(add(c, status_name::levetid_utlopt));
  EXPECT_FALSE(add(c, status_name::mottatt));
  EXPECT_TRUE(add(c, status_name::levert));
  EXPECT_FALSE(add(c, status_name::mottatt));
  EXPECT_TRUE(c.finished);
  EXPECT_EQ(rows.of_conversation(c)->size(), 3u);
}

TEST_F(conversation_store, is_finished_by_an_end_and_stays_so) {
  auto c = start(about(1));
  add(c, status_name::sendt);
  EXPECT_FALSE(c.finished);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::conversation_expiry), 1u);
  add(c, status_name::levert);
  EXPECT_TRUE(c.finished);
  add(c, status_name::lest);
  EXPECT_TRUE((*all.find(arkiv, c.id))->finished);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::conversation_expiry), 0u);
}

TEST_F(conversation_store, keeps_its_last_update_when_a_status_is_dated_back) {
  auto c = start(about(1));
  add(c, status_name::sendt, at_second(10));
  EXPECT_EQ(c.last_update, at_second(10));
  add(c, status_name::mottatt, at_second(5));
  EXPECT_EQ(c.last_update, at_second(10));
  EXPECT_EQ(rows.of_conversation(c)->back().last_update, at_second(5));
}

TEST_F(conversation_store, starts_with_several_statuses_in_one_commit) {
  const auto c =
      start(about(1, direction::incoming), {{status_name::opprettet, {}, {}, at_second(0)},
                                            {status_name::levetid_utlopt, "late", {}, at_second(0)},
                                            {status_name::opprettet, {}, {}, at_second(0)}});
  EXPECT_TRUE(c.finished);
  EXPECT_EQ(rows.of_conversation(c)->size(), 2u);
  EXPECT_EQ(*all.next_expiry(), std::nullopt);
}

TEST_F(conversation_store, lists_statuses_by_the_time_of_their_last_update) {
  auto c = start(about(1));
  add(c, status_name::sendt, at_second(10));
  add(c, status_name::mottatt, at_second(5));
  const auto names = [&](std::int64_t from, std::int64_t to, scan_order order) {
    std::vector<status_name> all_of;
    for (const auto& s :
         rows.between(arkiv, at_second(from), at_second(to), {.order = order}, {})->items)
      all_of.push_back(s.name);
    return all_of;
  };
  using enum status_name;
  EXPECT_EQ(names(0, 10, scan_order::ascending), (std::vector{opprettet, mottatt, sendt}));
  EXPECT_EQ(names(5, 10, scan_order::descending), (std::vector{sendt, mottatt}));
  EXPECT_TRUE(names(11, 100, scan_order::ascending).empty());
  EXPECT_EQ(rows.between(arkiv, time_point::min(), time_point::max(), {}, {})->total, 3u);
}

// The page is read alone then, and the length of the list is known otherwise.
TEST_F(conversation_store, lists_all_statuses_by_time_as_it_lists_those_that_match) {
  std::vector<conversation> some;
  for (unsigned n = 0; n < 7; ++n) some.push_back(start(about(n)));
  for (std::size_t n = 0; n < some.size(); ++n)
    add(some[n], status_name::sendt, at_second(static_cast<std::int64_t>(n * 37 % 11)));
  const filter<status> everything = [](const status&) { return true; };
  const auto same = [&] {
    for (const auto order : {scan_order::ascending, scan_order::descending})
      for (std::uint64_t offset = 0; offset < 16; ++offset)
        for (const std::uint64_t size : {0u, 1u, 3u, 50u}) {
          const page_request request{.offset = offset, .size = size, .order = order};
          const auto fast = *rows.between(arkiv, time_point::min(), time_point::max(), request, {});
          const auto slow =
              *rows.between(arkiv, time_point::min(), time_point::max(), request, everything);
          EXPECT_EQ(fast.total, slow.total);
          ASSERT_EQ(fast.items.size(), slow.items.size()) << offset << ' ' << size;
          for (std::size_t i = 0; i < fast.items.size(); ++i)
            EXPECT_EQ(fast.items[i].id, slow.items[i].id);
        }
  };
  same();
  batch b;
  rows.remove_of(b, some[2], *rows.of_conversation(some[2]));
  ASSERT_EQ(outcome_of(*store, b), "");
  same();
  EXPECT_EQ(rows.between(arkiv, time_point::min(), time_point::max(), {}, {})->total, 12u);
}

TEST_F(conversation_store, lists_statuses_of_a_channel_and_of_a_message) {
  auto out = start(about(1));
  auto in = start(about(1, direction::incoming));
  auto other = start(about(2));
  add(out, status_name::sendt);
  add(in, status_name::innkommende_mottatt);
  add(other, status_name::feil);
  EXPECT_EQ(rows.list(arkiv, {}, {})->total, 6u);
  EXPECT_EQ(rows.list(lonn, {}, {})->total, 0u);
  const auto of_message = *rows.of_message(arkiv, message_number(1), {}, {});
  EXPECT_EQ(of_message.total, 4u);
  EXPECT_EQ(rows.of_conversation(out)->size(), 2u);
  EXPECT_EQ(rows.of_conversation(in)->size(), 2u);
  const auto newest =
      *rows.list(arkiv, {.offset = 0, .size = 1, .order = scan_order::descending}, {});
  ASSERT_EQ(newest.items.size(), 1u);
  EXPECT_EQ(newest.items[0].name, status_name::feil);
  const auto failed =
      *rows.list(arkiv, {}, [](const status& s) { return s.name == status_name::feil; });
  EXPECT_EQ(failed.total, 1u);
  EXPECT_EQ(rows.of_message(arkiv, message_number(9), {}, {})->total, 0u);
}
