#include "storage/row_counter.hpp"

#include "storage/big_endian.hpp"
#include "tests/storage/stores.hpp"

#include <algorithm>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

// Counts what is read of the engine below it.
class counting_engine final : public engine {
 public:
  result<std::optional<std::string>> get(std::string_view key) const override {
    return below->get(key);
  }
  result<void> scan(std::string_view begin, std::string_view end, scan_order order,
                    const visitor& visit) const override {
    return below->scan(begin, end, order, [&](std::string_view key, std::string_view value) {
      ++entries;
      return visit(key, value);
    });
  }
  std::vector<result<void>> commit(std::span<const batch> group) override {
    return below->commit(group);
  }
  result<void> erase_range(std::string_view begin, std::string_view end) override {
    return below->erase_range(begin, end);
  }
  std::unique_ptr<engine> below = make_memory_engine();
  mutable std::size_t entries = 0;
};

class row_counter_test : public ::testing::Test {
 protected:
  static constexpr std::string_view prefix = "rows";
  counting_engine store;
  row_counter counter{store};

  static std::string key(row_id id) { return std::string(prefix) + to_big_endian(id); }
  void add(row_id from, row_id until) {
    batch b;
    for (auto id = from; id < until; ++id) b.put(key(id), std::to_string(id));
    ASSERT_EQ(outcome_of(store, b), "");
  }
  void remove(row_id id) {
    batch b;
    b.erase(key(id));
    b.put("removals", std::to_string(id));
    ASSERT_EQ(outcome_of(store, b), "");
  }
  // The values of the part, in ascending order, and the total.
  std::pair<std::vector<std::string>, std::uint64_t> part(const page_request& request) {
    const auto at = counter.locate(std::string(prefix), "removals", request);
    EXPECT_TRUE(at);
    std::vector<std::string> all;
    auto skip = at->skip;
    EXPECT_TRUE(store.scan(at->begin, prefix_end(prefix), scan_order::ascending,
                           [&](std::string_view, std::string_view value) {
                             if (skip > 0) {
                               --skip;
                               return true;
                             }
                             if (all.size() < at->take) all.emplace_back(value);
                             return all.size() < at->take;
                           }));
    if (at->take == 0) all.clear();
    return {all, at->total};
  }
};

}  // namespace

TEST_F(row_counter_test, finds_every_page_of_a_list_in_either_order) {
  add(10, 20'010);
  for (const std::uint64_t offset : {0u, 1u, 1023u, 1024u, 5000u, 15'000u, 19'995u, 25'000u}) {
    const auto [up, total] = part({.offset = offset, .size = 10});
    EXPECT_EQ(total, 20'000u);
    const auto expected = offset >= 20'000 ? 0 : std::min<std::size_t>(10, 20'000 - offset);
    ASSERT_EQ(up.size(), expected) << offset;
    if (!up.empty()) {
      EXPECT_EQ(up.front(), std::to_string(10 + offset));
    }
    const auto [down, same] = part({.offset = offset, .size = 10, .order = scan_order::descending});
    EXPECT_EQ(same, 20'000u);
    ASSERT_EQ(down.size(), expected) << offset;
    if (!down.empty()) {
      EXPECT_EQ(down.back(), std::to_string(20'009 - offset));
    }
  }
}

TEST_F(row_counter_test, notices_what_is_added_and_what_is_removed) {
  EXPECT_EQ(part({}).second, 0u);
  add(1, 10'001);
  EXPECT_EQ(part({}).second, 10'000u);
  add(10'001, 12'001);
  EXPECT_EQ(part({}).second, 12'000u);
  remove(3);
  remove(11'999);
  const auto [rows, total] = part({.offset = 1, .size = 3});
  EXPECT_EQ(total, 11'998u);
  EXPECT_EQ(rows, (std::vector<std::string>{"2", "4", "5"}));
}

TEST_F(row_counter_test, counts_a_row_that_is_committed_after_younger_ones) {
  add(1, 9'000);
  add(9'001, 10'000);
  EXPECT_EQ(part({}).second, 9'998u);
  add(9'000, 9'001);
  EXPECT_EQ(part({}).second, 9'999u);
}

TEST_F(row_counter_test, reads_no_more_than_the_newest_and_the_page_once_it_has_counted) {
  add(1, 100'001);
  part({});
  store.entries = 0;
  EXPECT_EQ(part({.offset = 50'000, .size = 10}).second, 100'000u);
  EXPECT_LT(store.entries, row_counter::commit_window + 2'000);
}
