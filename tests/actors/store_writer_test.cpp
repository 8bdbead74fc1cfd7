#include "actors/store_writer.hpp"

#include <gtest/gtest.h>
#include <caf/scheduler/test_coordinator.hpp>

#include <chrono>

using namespace kp;
using namespace kp::actors;

namespace {

struct config : caf::actor_system_config {
  config() { tune_for_test(*this); }
};

// Counts the groups that reach the engine below it.
class counting_engine final : public storage::engine {
 public:
  result<std::optional<std::string>> get(std::string_view key) const override {
    return below_->get(key);
  }
  result<void> scan(std::string_view begin, std::string_view end, storage::scan_order order,
                    const visitor& visit) const override {
    return below_->scan(begin, end, order, visit);
  }
  std::vector<result<void>> commit(std::span<const storage::batch> group) override {
    groups.push_back(group.size());
    return below_->commit(group);
  }
  result<void> erase_range(std::string_view begin, std::string_view end) override {
    return below_->erase_range(begin, end);
  }
  std::vector<std::size_t> groups;

 private:
  std::unique_ptr<storage::engine> below_ = storage::make_memory_engine();
};

class store_writer_fixture : public testing::Test {
 protected:
  std::shared_ptr<storage::batch> put(std::string key, std::string value, bool absent = false) {
    auto b = std::make_shared<storage::batch>();
    if (absent) b->require_absent(key);
    b->put(std::move(key), std::move(value));
    return b;
  }
  // Sends all at once, as many sessions do, and collects the answers.
  void ask_all(std::vector<std::shared_ptr<storage::batch>> batches) {
    system.spawn([this, batches = std::move(batches)](caf::event_based_actor* self) {
      for (const auto& b : batches)
        self->request(writer, caf::infinite, kp::actors::commit{b})
            .then([this](const committed& done) { answers.push_back(done); },
                  [](const caf::error&) { FAIL() << "the writer must answer"; });
    });
    scheduler.run();
  }

  counting_engine engine;
  config settings;
  caf::actor_system system{settings};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  caf::actor writer = system.spawn(store_writer, static_cast<storage::engine*>(&engine));
  std::vector<committed> answers;
};

}  // namespace

TEST_F(store_writer_fixture, commits_what_waits_as_one_group) {
  ask_all({put("a", "1"), put("b", "2"), put("c", "3")});
  ASSERT_EQ(answers.size(), 3u);
  for (const auto& answer : answers) EXPECT_FALSE(answer.failure);
  EXPECT_EQ(engine.groups, std::vector<std::size_t>{3});
  EXPECT_EQ(**engine.get("b"), "2");
}

TEST_F(store_writer_fixture, refuses_one_batch_without_touching_its_neighbours) {
  ask_all({put("a", "1", true), put("a", "2", true), put("b", "3", true)});
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_FALSE(answers[0].failure);
  ASSERT_TRUE(answers[1].failure);
  EXPECT_FALSE(answers[2].failure);
  EXPECT_EQ(**engine.get("a"), "1");
}

TEST_F(store_writer_fixture, bounds_a_group) {
  std::vector<std::shared_ptr<storage::batch>> many;
  for (int i = 0; i < 2500; ++i) many.push_back(put(std::to_string(i), "x"));
  ask_all(std::move(many));
  EXPECT_EQ(answers.size(), 2500u);
  for (const auto size : engine.groups) EXPECT_LE(size, 1024u);
}
