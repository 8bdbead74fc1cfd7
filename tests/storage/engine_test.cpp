#include "storage/engine.hpp"

#include "config/text.hpp"
#include "storage/lease.hpp"
#include "tests/storage/stores.hpp"

#include <atomic>
#include <thread>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

using entries = std::vector<std::pair<std::string, std::string>>;

entries scan_all(const engine& store, std::string_view begin, std::string_view end,
                 scan_order order = scan_order::ascending, std::size_t limit = SIZE_MAX) {
  entries found;
  EXPECT_TRUE(store.scan(begin, end, order, [&](std::string_view key, std::string_view value) {
    found.emplace_back(key, value);
    return found.size() < limit;
  }));
  return found;
}

std::string value_of(const engine& store, std::string_view key) {
  const auto found = store.get(key);
  if (!found) return "error";
  return *found ? **found : "absent";
}

batch putting(const std::string& key, const std::string& value) {
  batch b;
  b.put(key, value);
  return b;
}

class engine_conformance : public store_test {};

}  // namespace

TEST_P(engine_conformance, gives_back_what_was_committed_and_nothing_else) {
  batch b;
  b.put("key", "value");
  b.put("empty", "");
  b.put(std::string("nul\0key", 7), std::string("nul\0value", 9));
  EXPECT_EQ(commit(b), "");
  EXPECT_EQ(value_of(*store, "key"), "value");
  EXPECT_EQ(value_of(*store, "empty"), "");
  EXPECT_EQ(value_of(*store, std::string_view("nul\0key", 7)), std::string("nul\0value", 9));
  EXPECT_EQ(value_of(*store, "nul"), "absent");
}

TEST_P(engine_conformance, orders_keys_as_unsigned_bytes) {
  batch b;
  const std::vector<std::string> keys{
      std::string("a"), std::string("a\0", 2), "a\x01", "a\x7f", "a\x80", "a\xff", "b"};
  for (auto at = keys.rbegin(); at != keys.rend(); ++at) b.put(*at, "");
  EXPECT_EQ(commit(b), "");
  std::vector<std::string> found;
  for (const auto& [key, value] : scan_all(*store, "a", "c")) found.push_back(key);
  EXPECT_EQ(found, keys);
}

TEST_P(engine_conformance, scans_from_begin_up_to_but_without_end) {
  batch b;
  for (const auto* key : {"a", "b", "c", "d"}) b.put(key, key);
  EXPECT_EQ(commit(b), "");
  EXPECT_EQ(scan_all(*store, "b", "d"), (entries{{"b", "b"}, {"c", "c"}}));
  EXPECT_EQ(scan_all(*store, "b", "d", scan_order::descending), (entries{{"c", "c"}, {"b", "b"}}));
  EXPECT_EQ(scan_all(*store, "aa", "cc"), (entries{{"b", "b"}, {"c", "c"}}));
  EXPECT_EQ(scan_all(*store, "aa", "cc", scan_order::descending),
            (entries{{"c", "c"}, {"b", "b"}}));
  EXPECT_EQ(scan_all(*store, "e", "f"), entries{});
  EXPECT_EQ(scan_all(*store, "e", "f", scan_order::descending), entries{});
  EXPECT_EQ(scan_all(*store, "c", "c"), entries{});
  EXPECT_EQ(scan_all(*store, "d", "a"), entries{});
}

TEST_P(engine_conformance, stops_scanning_when_the_visitor_has_had_enough) {
  batch b;
  for (const auto* key : {"a", "b", "c", "d"}) b.put(key, "");
  EXPECT_EQ(commit(b), "");
  EXPECT_EQ(scan_all(*store, "a", "z", scan_order::ascending, 2), (entries{{"a", ""}, {"b", ""}}));
  EXPECT_EQ(scan_all(*store, "a", "z", scan_order::descending, 1), (entries{{"d", ""}}));
}

TEST_P(engine_conformance, lets_the_last_change_of_a_key_in_a_batch_win) {
  batch b;
  b.put("k", "1");
  b.erase("k");
  b.put("k", "2");
  b.put("gone", "1");
  b.erase("gone");
  EXPECT_EQ(commit(b), "");
  EXPECT_EQ(value_of(*store, "k"), "2");
  EXPECT_EQ(value_of(*store, "gone"), "absent");
}

TEST_P(engine_conformance, applies_a_batch_whole_or_not_at_all) {
  batch b;
  b.put("a", "1");
  b.require_present("missing");
  b.put("b", "1");
  EXPECT_EQ(commit(b), "precondition failed");
  EXPECT_EQ(scan_all(*store, "a", "z"), entries{});
}

TEST_P(engine_conformance, judges_each_kind_of_precondition) {
  ASSERT_EQ(commit(putting("k", "1")), "");
  const auto judged = [&](auto&& require) {
    batch b;
    require(b);
    b.put("mark", "");
    return commit(b);
  };
  EXPECT_EQ(judged([](batch& b) { b.require_absent("k"); }), "precondition failed");
  EXPECT_EQ(judged([](batch& b) { b.require_absent("x"); }), "");
  EXPECT_EQ(judged([](batch& b) { b.require_present("x"); }), "precondition failed");
  EXPECT_EQ(judged([](batch& b) { b.require_present("k"); }), "");
  EXPECT_EQ(judged([](batch& b) { b.require_value("k", "2"); }), "precondition failed");
  EXPECT_EQ(judged([](batch& b) { b.require_value("x", ""); }), "precondition failed");
  EXPECT_EQ(judged([](batch& b) { b.require_value("k", "1"); }), "");
}

TEST_P(engine_conformance, judges_preconditions_before_the_changes_of_their_own_batch) {
  batch b;
  b.put("k", "1");
  b.require_absent("k");
  EXPECT_EQ(commit(b), "");
  batch again;
  again.erase("k");
  again.require_value("k", "1");
  EXPECT_EQ(commit(again), "");
}

TEST_P(engine_conformance, judges_fences_by_the_number_of_the_lease) {
  const lease held{"owner", at_second(0), 7};
  ASSERT_EQ(commit(putting("lease", encode(held))), "");
  ASSERT_EQ(commit(putting("rubbish", "\x01\xff")), "");
  const auto with_fence = [&](const std::string& key, std::uint64_t fence) {
    batch b;
    b.require_fence(key, fence);
    b.put("mark", "");
    return commit(b);
  };
  EXPECT_EQ(with_fence("lease", 7), "");
  EXPECT_EQ(with_fence("lease", 6), "fenced");
  EXPECT_EQ(with_fence("lease", 8), "fenced");
  EXPECT_EQ(with_fence("nobody", 0), "fenced");
  EXPECT_EQ(with_fence("rubbish", 1), "corrupt");
}

TEST_P(engine_conformance, lets_a_later_batch_of_a_group_see_the_earlier_ones) {
  ASSERT_EQ(commit(putting("old", "1")), "");
  std::vector<batch> group(6);
  group[0].require_absent("k");
  group[0].put("k", "first");
  group[0].erase("old");
  group[1].require_absent("k");
  group[1].put("k", "second");
  group[2].require_value("k", "first");
  group[2].put("k", "third");
  group[3].require_present("old");
  group[3].put("seen", "");
  group[4].require_absent("old");
  group[4].erase("k");
  group[5].require_absent("k");
  group[5].put("k", "last");
  std::vector<std::string> outcomes;
  for (const auto& each : store->commit(group)) outcomes.push_back(outcome(each));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"", "precondition failed", "",
                                                "precondition failed", "", ""}));
  EXPECT_EQ(scan_all(*store, "a", "z"), (entries{{"k", "last"}}));
}

TEST_P(engine_conformance, lets_the_last_change_of_a_key_in_a_group_win) {
  std::vector<batch> group(3);
  for (int i = 0; i < 3; ++i)
    for (int key = 20; key > 0; --key) {
      const auto name = "key" + std::to_string(key);
      if (i == 1 && key % 2 == 0)
        group[1].erase(name);
      else if (i < 2 || key % 3 == 0)
        group[static_cast<std::size_t>(i)].put(name, std::to_string(i));
    }
  for (const auto& outcome : store->commit(group)) EXPECT_TRUE(outcome);
  for (int key = 1; key <= 20; ++key) {
    const auto* const expected = key % 3 == 0 ? "2" : key % 2 == 0 ? "absent" : "1";
    EXPECT_EQ(value_of(*store, "key" + std::to_string(key)), expected) << key;
  }
}

TEST_P(engine_conformance, lets_no_batch_of_a_group_see_one_that_was_refused) {
  std::vector<batch> group(2);
  group[0].require_present("nothing");
  group[0].put("k", "1");
  group[1].require_absent("k");
  group[1].put("other", "1");
  const auto answers = store->commit(group);
  EXPECT_EQ(outcome(answers[0]), "precondition failed");
  EXPECT_EQ(outcome(answers[1]), "");
  EXPECT_EQ(scan_all(*store, "a", "z"), (entries{{"other", "1"}}));
}

TEST_P(engine_conformance, lets_one_of_many_takers_of_a_lease_win_inside_a_group) {
  std::vector<batch> group(64);
  for (std::size_t i = 0; i < group.size(); ++i)
    EXPECT_TRUE(take_lease(group[i], "seat", std::nullopt, "owner " + std::to_string(i),
                           at_second(0), 10s));
  const auto answers = store->commit(group);
  EXPECT_EQ(outcome(answers[0]), "");
  for (std::size_t i = 1; i < answers.size(); ++i)
    EXPECT_EQ(outcome(answers[i]), "precondition failed") << i;
  const auto held = read_lease(*store, "seat");
  ASSERT_TRUE(held && *held);
  EXPECT_EQ((*held)->owner, "owner 0");
  EXPECT_EQ((*held)->fence, 1u);
}

TEST_P(engine_conformance, commits_groups_and_batches_that_are_empty) {
  EXPECT_TRUE(store->commit({}).empty());
  EXPECT_EQ(commit(batch()), "");
  batch only_condition;
  only_condition.require_present("nothing");
  EXPECT_EQ(commit(only_condition), "precondition failed");
}

TEST_P(engine_conformance, erases_a_range_and_nothing_beside_it) {
  batch b;
  for (const auto* key : {"a", "b", "c", "d"}) b.put(key, "");
  ASSERT_EQ(commit(b), "");
  EXPECT_TRUE(store->erase_range("b", "d"));
  EXPECT_EQ(scan_all(*store, "a", "z"), (entries{{"a", ""}, {"d", ""}}));
  EXPECT_EQ(value_of(*store, "b"), "absent");
  EXPECT_TRUE(store->erase_range("d", "a"));
  EXPECT_EQ(scan_all(*store, "a", "z").size(), 2u);
  ASSERT_EQ(commit(putting("c", "again")), "");
  EXPECT_EQ(value_of(*store, "c"), "again");
}

TEST_P(engine_conformance, erases_one_organisation_and_leaves_its_neighbours) {
  const auto before = organisation_id::from_number(hamar.number() - 1);
  const auto after = organisation_id::from_number(hamar.number() + 1);
  batch b;
  for (const auto each : {before, hamar, after})
    for (const auto kind : {record_kind::sequence, record_kind::blob_bytes})
      b.put(key_builder(each, kind).text("\xff\xff").str(), "");
  ASSERT_EQ(commit(b), "");
  EXPECT_TRUE(store->erase_range(organisation_begin(hamar), organisation_end(hamar)));
  EXPECT_EQ(entries_of(*store, hamar, record_kind::sequence), 0u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::blob_bytes), 0u);
  for (const auto each : {before, after})
    for (const auto kind : {record_kind::sequence, record_kind::blob_bytes})
      EXPECT_EQ(entries_of(*store, each, kind), 1u);
}

TEST_P(engine_conformance, shows_every_scan_one_state_while_commits_go_on) {
  // Two keys always change together; a scan that saw them differ would have seen half a batch.
  ASSERT_EQ(commit(putting("unused", "")), "");
  std::atomic<bool> done{false};
  std::jthread writer([&] {
    for (int i = 0; i < 200; ++i) {
      batch b;
      b.put("a", std::to_string(i));
      b.put("b", std::to_string(i));
      EXPECT_EQ(commit(b), "");
    }
    done.store(true);
  });
  while (!done.load()) {
    const auto found = scan_all(*store, "a", "c");
    ASSERT_TRUE(found.empty() || found.size() == 2);
    if (found.empty()) continue;
    ASSERT_EQ(found[0].second, found[1].second);
  }
}

TEST_P(engine_conformance, counts_the_bytes_of_a_batch) {
  batch b;
  EXPECT_TRUE(b.empty());
  b.put("key", "value");
  b.erase("other");
  EXPECT_EQ(b.byte_size(), 13u);
  EXPECT_FALSE(b.empty());
  batch condition;
  condition.require_absent("k");
  EXPECT_FALSE(condition.empty());
}

TEST_P(engine_conformance, completes_appended_keys_with_numbers_that_rise_in_the_order_of_commits) {
  std::vector<batch> group(3);
  group[0].append("b/", "first");
  group[0].append("a/", "second");
  group[1].require_present("nothing");
  group[1].append("a/", "refused");
  group[2].append("a/", "third");
  const auto answers = store->commit(group);
  EXPECT_EQ(outcome(answers[0]), "");
  EXPECT_EQ(outcome(answers[1]), "precondition failed");
  EXPECT_EQ(outcome(answers[2]), "");
  batch later;
  later.append("a/", "fourth");
  EXPECT_EQ(commit(later), "");

  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [key, value] : scan_all(*store, "a", "z"))
    found.emplace_back(to_hex(key), value);
  // These bytes are on disk: two of prefix and eight of sequence.
  EXPECT_EQ(found,
            (std::vector<std::pair<std::string, std::string>>{{"612f0000000000000002", "second"},
                                                              {"612f0000000000000003", "third"},
                                                              {"612f0000000000000004", "fourth"},
                                                              {"622f0000000000000001", "first"}}));
}

TEST_P(engine_conformance, numbers_every_append_of_many_groups_once) {
  constexpr std::size_t count = 10'000;
  for (std::size_t done = 0; done < count; done += 1000) {
    std::vector<batch> group(100);
    for (auto& b : group)
      for (int i = 0; i < 10; ++i) b.append("n", "");
    for (const auto& answer : store->commit(group)) ASSERT_TRUE(answer);
  }
  EXPECT_EQ(scan_all(*store, "n", "o").size(), count);
}

TEST_P(engine_conformance, merges_a_batch_whole_into_another) {
  batch inner;
  inner.put("put", "1");
  inner.erase("old");
  inner.append("n", "1");
  inner.require_absent("put");
  batch outer;
  outer.put("mine", "1");
  outer.include(inner);
  EXPECT_EQ(outer.byte_size(), inner.byte_size() + 5);
  ASSERT_EQ(commit(putting("old", "")), "");
  EXPECT_EQ(commit(outer), "");
  EXPECT_EQ(value_of(*store, "mine"), "1");
  EXPECT_EQ(value_of(*store, "put"), "1");
  EXPECT_EQ(value_of(*store, "old"), "absent");
  EXPECT_EQ(scan_all(*store, "n", "o").size(), 1u);
  EXPECT_EQ(commit(outer), "precondition failed");
}

TEST_P(engine_conformance, is_not_empty_when_it_only_appends) {
  batch b;
  b.append("n", "12");
  EXPECT_FALSE(b.empty());
  EXPECT_EQ(b.byte_size(), 11u);
}

INSTANTIATE_TEST_SUITE_P(both, engine_conformance,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);
