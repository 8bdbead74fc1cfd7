#include "actors/quotas.hpp"

#include "config/clock.hpp"
#include "storage/repositories.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kp::actors {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const quota_request just_ask{};
const quota_request create{.creates = true};
quota_request upload(std::uint64_t bytes) {
  return {.uploads = true, .bytes = bytes};
}

tenants::organisation municipality(const char* number = "910077473") {
  tenants::organisation made{
      *organisation_id::parse(number), "x", {}, {}, "", {}, {}, "a.yaml", ""};
  for (const auto* name : {"arkiv", "fag"})
    made.channels.push_back({*channel_name::parse(name), {}, {}, {}, {}, {}, {}});
  return made;
}

class quotas_test : public ::testing::Test {
 protected:
  quotas make(quota_settings hub = {}) { return {time, hub, usage}; }
  // Messages as a channel stores them.
  storage::outgoing_message message(unsigned n, channel_number channel, std::uint64_t bytes) {
    storage::outgoing_message m;
    m.message = *message_id::parse(fmt::format("00000000-0000-4000-8000-{:012x}", n));
    m.channel = channel;
    if (bytes > 0) m.files.push_back({"a.pdf", {}, "", 1, false, {"id", bytes, ""}});
    return m;
  }
  void commit(const storage::batch& b) { ASSERT_TRUE(store.commit({&b, 1}).front()); }
  void put(unsigned n, channel_number channel, std::uint64_t bytes) {
    storage::batch b;
    messages.insert(b, message(n, channel, bytes));
    commit(b);
  }
  void number_channels() {
    storage::batch b;
    const storage::channel_registry registry(store, owner.id);
    registry.add(b, owner.channels[0].name, {});
    registry.add(b, owner.channels[1].name, {});
    commit(b);
  }
  void follow(quotas& all) {
    auto shared = std::make_shared<tenants::organisation>(owner);
    const tenants::directory directory({shared});
    for (const auto id : all.follow(directory)) ASSERT_TRUE(usage->rebuild(store, id));
  }
  const tenants::channel_settings& arkiv() const { return owner.channels[0]; }
  const tenants::channel_settings& fag() const { return owner.channels[1]; }

  manual_clock time{time_point(seconds(1'772'000'000))};
  std::shared_ptr<quota_usage> usage = std::make_shared<quota_usage>();
  quota_store store{storage::make_memory_engine(), usage};
  tenants::organisation owner = municipality();
  storage::outgoing_messages messages{store, owner.id};
};

TEST(token_bucket, gives_a_seconds_worth_at_once_and_then_one_after_the_other) {
  token_bucket bucket;
  time_point now(seconds(1'000));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(bucket.take(5, now)) << i;
  const auto wait = bucket.take(5, now);
  ASSERT_TRUE(wait);
  EXPECT_EQ(*wait, milliseconds(200));
  EXPECT_FALSE(bucket.take(5, now + *wait));
  EXPECT_TRUE(bucket.take(5, now + *wait));
  int given = 0;
  for (int ms = 1000; ms < 11'000; ++ms)
    if (!bucket.take(5, now + milliseconds(ms))) ++given;
  EXPECT_GE(given, 50);
  EXPECT_LE(given, 55);
}

TEST(token_bucket, a_clock_that_is_set_back_holds_nobody_up) {
  token_bucket bucket;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(bucket.take(5, time_point(seconds(100'000))));
  const auto wait = bucket.take(5, time_point(seconds(50)));
  ASSERT_TRUE(wait);
  EXPECT_LE(*wait, seconds(1));
}

TEST_F(quotas_test, without_settings_everything_is_admitted) {
  auto all = make();
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(all.admit(owner, arkiv(), upload(1u << 30)).refusal);
  EXPECT_TRUE(all.exceeded().empty());
}

TEST_F(quotas_test, the_nearest_level_decides) {
  quota_settings hub;
  hub.channel.requests_per_second = 10;
  hub.organisation.requests_per_second = 100;
  EXPECT_EQ(limits_of(owner, arkiv(), hub).requests_per_second, 10u);
  owner.quotas.channel.requests_per_second = 20;
  EXPECT_EQ(limits_of(owner, arkiv(), hub).requests_per_second, 20u);
  owner.channels[0].quotas.requests_per_second = 30;
  EXPECT_EQ(limits_of(owner, arkiv(), hub).requests_per_second, 30u);
  EXPECT_EQ(limits_of(owner, fag(), hub).requests_per_second, 20u);
  EXPECT_EQ(limits_of(owner, hub).requests_per_second, 100u);
}

TEST_F(quotas_test, requests_above_the_rate_are_refused_with_a_wait_and_a_sentence) {
  owner.quotas.channel.requests_per_second = 2;
  auto all = make();
  EXPECT_FALSE(all.admit(owner, arkiv(), just_ask).refusal);
  EXPECT_FALSE(all.admit(owner, arkiv(), just_ask).refusal);
  const auto over = all.admit(owner, arkiv(), just_ask).refusal;
  ASSERT_TRUE(over);
  EXPECT_EQ(over->retry_after, seconds(1));
  EXPECT_EQ(over->text,
            "Channel arkiv of organisation 910077473 has used up its quota requests_per_second: "
            "at most 2 requests per second. Try again in 1 s");
  EXPECT_FALSE(all.admit(owner, fag(), just_ask).refusal) << "another channel has its own";
  time.advance(seconds(1));
  EXPECT_FALSE(all.admit(owner, arkiv(), just_ask).refusal);
  const auto& counted = all.exceeded().at({owner.id, "arkiv", quota_kind::requests});
  EXPECT_EQ(counted.refused, 1u);
  EXPECT_EQ(counted.let_through, 0u);
}

TEST_F(quotas_test, channels_share_what_their_organisation_has) {
  owner.quotas.organisation.requests_per_second = 3;
  owner.quotas.channel.requests_per_second = 2;
  auto all = make();
  const auto other = municipality("910075918");
  EXPECT_FALSE(all.admit(owner, arkiv(), just_ask).refusal);
  EXPECT_FALSE(all.admit(owner, arkiv(), just_ask).refusal);
  EXPECT_FALSE(all.admit(owner, fag(), just_ask).refusal);
  const auto over = all.admit(owner, fag(), just_ask).refusal;
  ASSERT_TRUE(over);
  EXPECT_FALSE(over->of_channel);
  EXPECT_FALSE(all.admit(other, other.channels[0], just_ask).refusal);
  time.advance(milliseconds(340));
  EXPECT_FALSE(all.admit(owner, fag(), just_ask).refusal)
      << "what the organisation refused has cost the channel nothing";
}

TEST_F(quotas_test, a_dry_run_counts_and_refuses_nothing) {
  quota_settings hub;
  hub.dry_run = true;
  hub.channel.requests_per_second = 1;
  auto all = make(hub);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(all.admit(owner, arkiv(), just_ask).refusal);
  EXPECT_EQ(all.exceeded().at({owner.id, "arkiv", quota_kind::requests}).let_through, 3u);
  owner.quotas.dry_run = false;
  EXPECT_TRUE(all.admit(owner, arkiv(), just_ask).refusal) << "the organisation's file decides";
}

TEST_F(quotas_test, uploads_count_while_they_last) {
  owner.quotas.channel.concurrent_uploads = 2;
  auto all = make();
  const auto one = all.admit(owner, arkiv(), upload(1));
  {
    const auto two = all.admit(owner, arkiv(), upload(1));
    const auto three = all.admit(owner, arkiv(), upload(1));
    EXPECT_FALSE(two.refusal);
    ASSERT_TRUE(three.refusal);
    EXPECT_EQ(three.refusal->which, quota_kind::uploads);
    EXPECT_FALSE(all.admit(owner, arkiv(), just_ask).refusal);
  }
  EXPECT_FALSE(all.admit(owner, arkiv(), upload(1)).refusal);
}

TEST_F(quotas_test, messages_that_wait_are_counted_as_they_come_and_go) {
  number_channels();
  owner.quotas.channel.messages_queued = 2;
  auto all = make();
  follow(all);
  EXPECT_FALSE(all.admit(owner, arkiv(), create).refusal);
  put(1, channel_number{1}, 0);
  put(2, channel_number{1}, 0);
  const auto over = all.admit(owner, arkiv(), create).refusal;
  ASSERT_TRUE(over);
  EXPECT_EQ(over->which, quota_kind::messages);
  EXPECT_EQ(over->retry_after, quotas::stored_retry);
  EXPECT_FALSE(all.admit(owner, fag(), create).refusal);
  EXPECT_FALSE(all.admit(owner, arkiv(), just_ask).refusal) << "reading and sending go on";
  storage::batch b;
  messages.remove(b, message(1, channel_number{1}, 0));
  commit(b);
  EXPECT_FALSE(all.admit(owner, arkiv(), create).refusal);
}

TEST_F(quotas_test, what_is_under_way_counts_as_if_it_were_there) {
  number_channels();
  owner.quotas.organisation.messages_queued = 1;
  auto all = make();
  follow(all);
  const auto first = all.admit(owner, arkiv(), create);
  EXPECT_FALSE(first.refusal);
  EXPECT_TRUE(all.admit(owner, fag(), create).refusal);
}

TEST_F(quotas_test, bytes_are_those_of_kept_attachments_and_of_uploads_under_way) {
  number_channels();
  owner.quotas.organisation.bytes_stored = 1000;
  auto all = make();
  follow(all);
  put(1, channel_number{1}, 600);
  EXPECT_FALSE(all.admit(owner, fag(), upload(400)).refusal);
  EXPECT_TRUE(all.admit(owner, fag(), upload(401)).refusal);
  const auto running = all.admit(owner, fag(), upload(300));
  EXPECT_TRUE(all.admit(owner, arkiv(), upload(101)).refusal);
  storage::batch b;
  messages.update(b, message(1, channel_number{1}, 600), message(1, channel_number{1}, 1000));
  commit(b);
  const auto over = all.admit(owner, fag(), upload(0)).refusal;
  ASSERT_TRUE(over) << "also when the length is not announced";
  EXPECT_EQ(over->which, quota_kind::bytes);
}

TEST_F(quotas_test, what_was_there_before_the_start_is_counted_once) {
  number_channels();
  for (unsigned n = 1; n <= 3; ++n) put(n, channel_number{1}, 100);
  put(4, channel_number{2}, 100);
  owner.quotas.organisation.messages_queued = 10;
  auto all = make();
  EXPECT_FALSE(usage->of(owner.id));
  follow(all);
  follow(all);
  EXPECT_EQ(usage->of(owner.id)->messages, 4u);
  EXPECT_EQ(usage->of(owner.id)->bytes, 400u);
  EXPECT_EQ(usage->of(owner.id, arkiv().name)->messages, 3u);
  EXPECT_EQ(usage->of(owner.id, fag().name)->bytes, 100u);
  owner.quotas = {};
  follow(all);
  EXPECT_FALSE(usage->of(owner.id)) << "nobody asks any more";
}

TEST_F(quotas_test, what_changes_while_it_is_counted_is_neither_lost_nor_counted_twice) {
  number_channels();
  put(1, channel_number{1}, 100);
  put(2, channel_number{1}, 100);
  ASSERT_TRUE(usage->follow(owner.id));
  put(3, channel_number{1}, 100);  // committed and told before the scan sees it too
  // Told as gone before the scan, which began earlier, gets there.
  storage::batch gone;
  messages.remove(gone, message(1, channel_number{1}, 100));
  usage->committed(gone);
  ASSERT_TRUE(usage->rebuild(store, owner.id));
  EXPECT_EQ(usage->of(owner.id)->messages, 2u);
  EXPECT_EQ(usage->of(owner.id)->bytes, 200u);
}

TEST_F(quotas_test, a_refused_commit_counts_nothing) {
  number_channels();
  ASSERT_TRUE(usage->follow(owner.id));
  ASSERT_TRUE(usage->rebuild(store, owner.id));
  put(1, channel_number{1}, 5);
  storage::batch twice;
  messages.insert(twice, message(1, channel_number{1}, 5));
  EXPECT_FALSE(store.commit({&twice, 1}).front());
  EXPECT_EQ(usage->of(owner.id)->messages, 1u);
}

TEST_F(quotas_test, until_it_is_counted_what_is_stored_refuses_nobody) {
  owner.quotas.organisation.messages_queued = 1;
  auto all = make();
  put(1, channel_number{1}, 0);
  put(2, channel_number{1}, 0);
  auto shared = std::make_shared<tenants::organisation>(owner);
  ASSERT_EQ(all.follow(tenants::directory({shared})).size(), 1u);
  EXPECT_FALSE(all.admit(owner, arkiv(), create).refusal);
  ASSERT_TRUE(usage->rebuild(store, owner.id));
  EXPECT_TRUE(all.admit(owner, arkiv(), create).refusal);
}

}  // namespace
}  // namespace kp::actors
