#include "storage/channel_numbers.hpp"

#include "storage/channel_moves.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

channel_name named(std::string_view text) {
  return *channel_name::parse(text);
}

class numbers : public ::testing::Test {
 protected:
  // Each "name" or "name<previous<previous".
  channel_numbers number(const std::vector<std::string>& channels) {
    std::vector<wanted_channel> wanted;
    for (auto text : channels) {
      std::vector<channel_name> parts;
      for (std::size_t at = 0; at != std::string::npos;) {
        const auto end = text.find('<', at);
        parts.push_back(named(text.substr(at, end - at)));
        at = end == std::string::npos ? end : end + 1;
      }
      wanted.push_back({parts.front(), {parts.begin() + 1, parts.end()}});
    }
    batch b;
    auto found = number_channels(b, *store, hamar, wanted);
    EXPECT_TRUE(found);
    if (!b.empty()) EXPECT_EQ(outcome_of(*store, b), "");
    return *std::move(found);
  }
  std::unique_ptr<engine> store = make_memory_engine();
};

}  // namespace

TEST_F(numbers, stay_with_their_names_and_are_never_given_twice) {
  const auto first = number({"arkiv", "sak"});
  const auto again = number({"sak", "lonn", "arkiv"});
  EXPECT_EQ(again.numbers.at(named("sak")), first.numbers.at(named("sak")));
  EXPECT_EQ(again.numbers.at(named("lonn")), channel_number{3});
  const auto less = number({"sak"});
  ASSERT_EQ(less.left.size(), 2U);
  EXPECT_EQ(number({"sak", "post"}).numbers.at(named("post")), channel_number{4});
  EXPECT_EQ(number({"arkiv"}).numbers, (std::map{std::pair{named("arkiv"), channel_number{1}}}))
      << "a name that comes back finds its number";
}

TEST_F(numbers, a_settled_registry_needs_no_commit) {
  number({"arkiv", "sak<post"});
  batch b;
  const std::vector<wanted_channel> wanted{{named("arkiv"), {}}, {named("sak"), {named("post")}}};
  ASSERT_TRUE(number_channels(b, *store, hamar, wanted));
  EXPECT_TRUE(b.empty());
}

TEST_F(numbers, a_renamed_channel_keeps_its_number) {
  number({"arkiv", "sak"});
  const auto renamed = number({"arkiv", "journal<sak"});
  EXPECT_EQ(renamed.numbers.at(named("journal")), channel_number{2});
  EXPECT_EQ(renamed.renamed, (std::vector{std::pair{named("sak"), named("journal")}}));
  EXPECT_TRUE(renamed.left.empty() && renamed.merged.empty());
  EXPECT_TRUE(number({"arkiv", "journal<sak"}).renamed.empty()) << "only once";
}

TEST_F(numbers, a_channel_that_takes_over_others_gets_their_numbers_merged_into_its_own) {
  number({"a", "b", "c"});
  const auto one = number({"a<b", "c"});
  EXPECT_EQ(one.numbers.at(named("a")), channel_number{1});
  EXPECT_EQ(one.merged, (std::map{std::pair{channel_number{2}, channel_number{1}}}));
  ASSERT_EQ(one.to_move.size(), 1U);
  EXPECT_EQ(number({"a<b", "c"}).to_move.size(), 1U) << "until it has been done";
  batch b;
  finish_merge(b, hamar, one.to_move.front());
  EXPECT_EQ(outcome_of(*store, b), "");
  // What took over is taken over itself.
  const auto two = number({"c<a"});
  EXPECT_EQ(two.merged.at(channel_number{2}), channel_number{3});
  EXPECT_EQ(two.merged.at(channel_number{1}), channel_number{3});
  ASSERT_EQ(two.to_move.size(), 1U);
  EXPECT_EQ(two.to_move.front().from, channel_number{1});
  EXPECT_EQ(number({"c<a", "b"}).numbers.at(named("b")), channel_number{4})
      << "a merged number is not given again";
}

TEST_F(numbers, several_channels_become_one_that_is_new) {
  number({"a", "b"});
  const auto joined = number({"ab<a<b"});
  EXPECT_EQ(joined.numbers.at(named("ab")), channel_number{1});
  EXPECT_EQ(joined.merged, (std::map{std::pair{channel_number{2}, channel_number{1}}}));
}

TEST_F(numbers, commit_refuses_when_somebody_else_has_changed_the_registry) {
  number({"a"});
  batch late;
  const std::vector<wanted_channel> wanted{{named("b"), {named("a")}}};
  ASSERT_TRUE(number_channels(late, *store, hamar, wanted));
  number({"c<a"});
  EXPECT_EQ(outcome_of(*store, late), "precondition failed");
}

namespace {

constexpr channel_number old_channel{1}, heir{2};

// A channel with something of everything.
class moves : public ::testing::Test {
 protected:
  void commit(const batch& b) { ASSERT_EQ(outcome_of(*store, b), ""); }

  void put_outgoing(unsigned n) {
    batch b;
    outgoing_message m;
    m.id = ids.next(b).value();
    m.message = message_number(n);
    m.channel = old_channel;
    m.via = service::dpo;
    messages.insert(b, m);
    conversation c;
    c.message = m.message;
    c.channel = old_channel;
    c.via = service::dpo;
    c.expires = at_second(100);
    EXPECT_TRUE(start_conversation(b, talks, rows, ids, c,
                                   {{status_name::opprettet, {}, {}, at_second(0)}}));
    commit(b);
  }
  void put_inbound(unsigned n) {
    batch b;
    inbound_message m;
    m.id = ids.next(b).value();
    m.order = ids.next(b).value();
    m.message = message_number(n);
    m.channel = old_channel;
    m.via = service::dpo;
    box.insert(b, m);
    commit(b);
  }
  std::optional<inbox::locked> peek(channel_number channel) {
    batch b;
    std::uint64_t from = 0;
    auto locked = box.peek(b, channel, from, {}, "peek", at_second(0), 60s);
    EXPECT_TRUE(locked);
    if (!b.empty()) commit(b);
    return *std::move(locked);
  }
  std::size_t move_all(std::size_t limit) {
    for (std::size_t commits = 0;; ++commits) {
      batch b;
      const auto moved =
          move_channel_records(b, *store, hamar, talks, rows, old_channel, heir, limit);
      EXPECT_TRUE(moved);
      if (!moved || *moved == 0) return commits;
      EXPECT_LE(*moved, limit);
      commit(b);
    }
  }
  std::size_t left_under_old() const {
    std::size_t count = 0;
    for (const auto kind :
         {record_kind::outgoing_message, record_kind::conversation, record_kind::status,
          record_kind::status_by_message, record_kind::inbound_queue, record_kind::inbound_listing,
          record_kind::inbound_lock_expiry, record_kind::conversation_set,
          record_kind::conversation_by_update, record_kind::status_queue,
          record_kind::status_by_update}) {
      const auto prefix = key_builder(hamar, kind).u32(1).str();
      EXPECT_TRUE(store->scan(prefix, prefix_end(prefix), scan_order::ascending,
                              [&](std::string_view, std::string_view) { return ++count > 0; }));
    }
    return count;
  }

  std::unique_ptr<engine> store = make_memory_engine();
  row_ids ids{*store, hamar};
  outgoing_messages messages{*store, hamar};
  inbox box{*store, hamar};
  conversations talks{*store, hamar};
  statuses rows{*store, hamar};
};

}  // namespace

TEST_F(moves, everything_of_a_channel_is_found_under_its_heir) {
  for (unsigned n = 1; n <= 5; ++n) put_outgoing(n);
  for (unsigned n = 11; n <= 15; ++n) put_inbound(n);
  const auto locked = peek(old_channel);
  ASSERT_TRUE(locked);
  EXPECT_EQ(unfinished_of(*store, hamar, old_channel, 3)->outgoing, 3U) << "counted up to a limit";
  EXPECT_EQ(unfinished_of(*store, hamar, old_channel, 100)->incoming, 5U);

  EXPECT_GE(move_all(4), 4U) << "in bounded commits";

  EXPECT_EQ(left_under_old(), 0U);
  EXPECT_EQ(unfinished_of(*store, hamar, heir, 100)->outgoing, 5U);
  for (unsigned n = 1; n <= 5; ++n) {
    const auto id = message_number(n);
    EXPECT_EQ(messages.owner(id).value(), heir);
    EXPECT_EQ(messages.find(id).value()->channel, heir);
    auto c = talks.find(direction::outgoing, id).value();
    ASSERT_TRUE(c);
    EXPECT_EQ(c->channel, heir);
    EXPECT_EQ(rows.of_conversation(*c)->size(), 1U);
    batch b;
    EXPECT_TRUE(register_status(b, talks, rows, ids, *c, {status_name::sendt, {}, {}, at_second(1)})
                    .value());
    commit(b);
    EXPECT_EQ(rows.of_conversation(*c)->size(), 2U);
  }
  const auto expired = talks.expired(at_second(200), 100);
  EXPECT_EQ(expired->size(), 5U) << "each still has its deadline, once";
  // The one that was locked stays with who locked it; the others wait in their order.
  EXPECT_EQ(peek(heir)->message.message, message_number(12));
  EXPECT_EQ(box.list(heir, {}, {})->total, 5U);
  batch b;
  const auto held = box.find(locked->message.message).value();
  ASSERT_TRUE(held);
  box.remove(b, *held, locked->lock);
  commit(b);
  EXPECT_EQ(box.list(heir, {}, {})->total, 4U);
}

TEST_F(moves, a_message_that_changes_meanwhile_makes_the_move_be_decided_again) {
  put_outgoing(1);
  put_inbound(11);
  batch late;
  ASSERT_TRUE(move_channel_records(late, *store, hamar, talks, rows, old_channel, heir, 100));
  ASSERT_TRUE(peek(old_channel));
  EXPECT_EQ(outcome_of(*store, late), "precondition failed");
  move_all(100);
  EXPECT_EQ(left_under_old(), 0U);
}

TEST_F(moves, a_sweep_frees_a_lock_that_has_moved) {
  put_inbound(11);
  ASSERT_TRUE(peek(old_channel));
  move_all(100);
  EXPECT_TRUE(box.next_lock_expiry(heir).value());
  batch b;
  EXPECT_EQ(box.sweep(b, heir, ids, at_second(1000), 10).value(), 1U);
  commit(b);
  EXPECT_TRUE(peek(heir));
}
