#include "actors/store_writer.hpp"

#include "storage/feed.hpp"

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
  std::shared_ptr<bells> feed_bells = std::make_shared<bells>();
  caf::actor writer =
      system.spawn(store_writer, static_cast<storage::engine*>(&engine), feed_bells);
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

namespace {

const auto somdalen = organisation_id::from_number(910077473);
const auto elsewhere = organisation_id::from_number(991825827);

std::shared_ptr<storage::batch> event_in(organisation_id organisation, std::uint32_t channel) {
  auto b = std::make_shared<storage::batch>();
  storage::append_event(*b, organisation, channel_number{channel}, {});
  return b;
}

}  // namespace

TEST_F(store_writer_fixture, rings_the_bells_of_the_channels_whose_feeds_have_grown) {
  std::vector<std::string> heard;
  const auto ear = [&](organisation_id organisation, std::uint32_t channel, std::string name) {
    return feed_bells->listen({organisation, channel_number{channel}},
                              [&heard, name] { heard.push_back(name); });
  };
  const auto one = ear(somdalen, 1, "one");
  const auto two = ear(somdalen, 2, "two");
  const auto other = ear(elsewhere, 1, "other");
  ask_all({event_in(somdalen, 1), event_in(somdalen, 1), event_in(elsewhere, 1), put("a", "1")});
  EXPECT_EQ(heard, (std::vector<std::string>{"one", "other"}));
}

TEST_F(store_writer_fixture, rings_only_when_the_event_can_be_read) {
  std::size_t seen = 0;
  const storage::feed events(engine, somdalen);
  const auto ear = feed_bells->listen({somdalen, channel_number{1}}, [&] {
    seen = events.after(channel_number{1}, 0, 10).value().size();
  });
  ask_all({event_in(somdalen, 1)});
  EXPECT_EQ(seen, 1u);
}

TEST_F(store_writer_fixture, does_not_ring_for_what_was_refused) {
  int rings = 0;
  const auto ear = feed_bells->listen({somdalen, channel_number{1}}, [&] { ++rings; });
  auto refused = event_in(somdalen, 1);
  refused->require_present("nothing");
  ask_all({refused});
  EXPECT_EQ(rings, 0);
}
