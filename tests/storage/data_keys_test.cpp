#include "tests/storage/stores.hpp"

#include "storage/blobs.hpp"

#include <thread>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

class data_key_store : public ::testing::Test {
 protected:
  std::unique_ptr<engine> store = make_memory_engine();
  std::shared_ptr<random_source> random = make_seeded_random(1);
  const std::string master = std::string(32, 'm');
  std::atomic<int> writes{0};
  const committer write = [this](const batch& b) {
    ++writes;
    const std::scoped_lock lock(one_writer);
    return test::commit(*store, b);
  };
  std::mutex one_writer;
};

}  // namespace

TEST_F(data_key_store, makes_a_key_at_first_use_and_keeps_it) {
  std::string key;
  {
    data_keys keys(*store, master, random);
    key = *keys.of(hamar, write);
    EXPECT_EQ(key.size(), 32u);
    EXPECT_EQ(*keys.of(hamar, write), key);
    keys.forget(hamar);
    EXPECT_EQ(*keys.of(hamar, write), key);
    EXPECT_NE(*keys.of(oslo, write), key);
  }
  EXPECT_EQ(writes, 2);
  data_keys reopened(*store, master, random);
  EXPECT_EQ(*reopened.of(hamar, write), key);
  EXPECT_EQ(writes, 2);
}

TEST_F(data_key_store, stores_no_key_in_the_clear) {
  data_keys keys(*store, master, random);
  const auto key = *keys.of(hamar, write);
  const auto stored = **store->get(key_builder(hamar, record_kind::data_key).str());
  EXPECT_EQ(stored.find(key), std::string::npos);
}

TEST_F(data_key_store, opens_no_key_under_another_master_key_or_for_another_organisation) {
  ASSERT_TRUE(data_keys(*store, master, random).of(hamar, write));
  EXPECT_EQ(outcome(data_keys(*store, std::string(32, 'x'), random).of(hamar, write)), "corrupt");
  batch moved;
  moved.put(key_builder(oslo, record_kind::data_key).str(),
            **store->get(key_builder(hamar, record_kind::data_key).str()));
  ASSERT_EQ(outcome_of(*store, moved), "");
  EXPECT_EQ(outcome(data_keys(*store, master, random).of(oslo, write)), "corrupt");
}

TEST_F(data_key_store, refuses_stored_keys_that_are_cut_or_newer) {
  ASSERT_TRUE(data_keys(*store, master, random).of(hamar, write));
  const auto at = key_builder(hamar, record_kind::data_key).str();
  const auto stored = **store->get(at);
  for (const auto& [bytes, expected] :
       {std::pair('\1' + stored.substr(2), "corrupt"), std::pair(std::string(), "corrupt"),
        std::pair(stored.substr(0, stored.size() - 1), "corrupt"),
        std::pair('\2' + stored.substr(1), "unknown format")}) {
    batch b;
    b.put(at, bytes);
    ASSERT_EQ(outcome_of(*store, b), "");
    EXPECT_EQ(outcome(data_keys(*store, master, random).of(hamar, write)), expected);
  }
}

TEST_F(data_key_store, gives_one_key_to_all_who_ask_first_at_the_same_time) {
  // Two hubs' worth of caches over one store: who is slower takes what the faster has stored.
  data_keys one(*store, master, random);
  data_keys two(*store, master, random);
  std::string others;
  const committer overtaken = [&](const batch& b) {
    others = *two.of(hamar, write);
    return test::commit(*store, b);
  };
  EXPECT_EQ(*one.of(hamar, overtaken), others);
}

TEST_F(data_key_store, is_used_by_many_threads) {
  data_keys keys(*store, master, make_secure_random());
  std::vector<std::string> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : seen) threads.emplace_back([&] { mine = *keys.of(hamar, write); });
  }
  for (const auto& mine : seen) EXPECT_EQ(mine, seen[0]);
}

TEST_F(data_key_store, says_so_when_the_key_cannot_be_stored) {
  data_keys keys(*store, master, random);
  const committer failing = [](const batch&) -> result<void> {
    return transient(storage_errc::io, "no");
  };
  EXPECT_EQ(outcome(keys.of(hamar, failing)), "input/output error");
  EXPECT_EQ(outcome(keys.of(hamar, write)), "");
}
