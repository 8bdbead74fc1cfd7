#include "actors/measured_store.hpp"

#include "storage/repositories.hpp"
#include "storage/storage_error.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace kp;
using namespace kp::storage;
using actors::vital_signs;

const organisation_id bergvik = organisation_id::from_number(910077473);
const organisation_id fjordnes = organisation_id::from_number(910075918);
constexpr time_point now{std::chrono::seconds(1'772'000'000)};

message_id message_number(int n) {
  return *message_id::parse("00000000-0000-4000-8000-00000000000" + std::to_string(n));
}

// Commits nothing, as a disk that fails.
class failing_engine final : public engine {
 public:
  result<std::optional<std::string>> get(std::string_view) const override {
    return std::optional<std::string>();
  }
  result<void> scan(std::string_view, std::string_view, scan_order, const visitor&) const override {
    return {};
  }
  std::vector<result<void>> commit(std::span<const batch> group) override {
    return std::vector<result<void>>(
        group.size(), result<void>(permanent(storage_errc::read_only, "the disk is gone")));
  }
  result<void> erase_range(std::string_view, std::string_view) override { return {}; }
};

class measured_store : public testing::Test {
 protected:
  result<void> commit(const batch& b) { return store->commit(std::span(&b, 1)).at(0); }

  double messages(const std::string& organisation, const std::string& event) const {
    return meters->messages
        .with({{"organisation", organisation}, {"service", "DPO"}, {"event", event}})
        .value();
  }
  double commits(const std::string& outcome) const {
    return meters->store_commits.with({{"outcome", outcome}}).value();
  }

  conversation start(organisation_id owner, int number, direction way) {
    conversations all(*store, owner);
    statuses rows(*store, owner);
    row_ids ids(*store, owner);
    conversation c;
    c.message = message_number(number);
    c.way = way;
    c.via = service::dpo;
    batch b;
    std::vector<status_change> initial{{status_name::opprettet, {}, {}, now}};
    if (way == direction::incoming)
      initial.push_back({status_name::innkommende_mottatt, {}, {}, now});
    EXPECT_TRUE(start_conversation(b, all, rows, ids, c, initial));
    EXPECT_TRUE(commit(b));
    return c;
  }

  std::shared_ptr<metrics::hub_meters> meters = metrics::make_hub_meters(1);
  std::shared_ptr<vital_signs> signs = actors::make_vital_signs();
  std::unique_ptr<engine> store = actors::measure(make_memory_engine(), meters, signs);
};

}  // namespace

TEST_F(measured_store, counts_a_message_by_its_statuses_once_they_are_durable) {
  auto c = start(bergvik, 1, direction::outgoing);
  EXPECT_EQ(messages("910077473", "created"), 1);
  EXPECT_EQ(messages("910077473", "sent"), 0);
  conversations all(*store, bergvik);
  statuses rows(*store, bergvik);
  row_ids ids(*store, bergvik);
  for (const auto name : {status_name::sendt, status_name::mottatt, status_name::levert}) {
    batch b;
    EXPECT_TRUE(*register_status(b, all, rows, ids, c, {name, {}, {}, now}));
    EXPECT_TRUE(commit(b));
  }
  EXPECT_EQ(messages("910077473", "created"), 1);
  EXPECT_EQ(messages("910077473", "sent"), 1);
  EXPECT_EQ(messages("910077473", "delivered"), 1);
  const auto received =
      meters->statuses.with({{"service", "DPO"}, {"direction", "OUTGOING"}, {"status", "MOTTATT"}});
  EXPECT_EQ(received.value(), 1);
}

TEST_F(measured_store, an_arrival_is_received_and_not_created) {
  start(bergvik, 1, direction::incoming);
  EXPECT_EQ(messages("910077473", "received"), 1);
  EXPECT_EQ(messages("910077473", "created"), 0);
}

TEST_F(measured_store, an_arrival_that_moves_to_another_channel_is_not_received_again) {
  const auto c = start(bergvik, 1, direction::incoming);
  const conversations all(*store, bergvik);
  const statuses rows(*store, bergvik);
  const auto its = rows.of_conversation(c);
  ASSERT_TRUE(its);
  ASSERT_EQ(its->size(), 2u);
  batch b;
  all.move(b, c, channel_number{2});
  ASSERT_TRUE(rows.move(b, c, *its, channel_number{2}));
  ASSERT_TRUE(commit(b));
  ASSERT_TRUE(all.find(channel_number{2}, c.id).value());
  EXPECT_EQ(messages("910077473", "received"), 1);
}

TEST_F(measured_store, organisations_beyond_the_bound_are_counted_together) {
  start(bergvik, 1, direction::outgoing);
  start(fjordnes, 1, direction::outgoing);
  start(organisation_id::from_number(910076787), 1, direction::outgoing);
  EXPECT_EQ(messages("910077473", "created"), 1);
  EXPECT_EQ(messages("other", "created"), 2);
}

TEST_F(measured_store, what_was_refused_is_a_conflict_and_changes_no_count) {
  const auto c = start(bergvik, 1, direction::outgoing);
  auto stale = c;
  stale.last_update = now + std::chrono::seconds(1);
  conversations all(*store, bergvik);
  statuses rows(*store, bergvik);
  row_ids ids(*store, bergvik);
  batch b;
  EXPECT_TRUE(*register_status(b, all, rows, ids, stale, {status_name::sendt, {}, {}, now}));
  const auto refused = commit(b);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, make_error_code(storage_errc::precondition_failed));
  EXPECT_EQ(messages("910077473", "sent"), 0);
  EXPECT_EQ(commits("committed"), 1);
  EXPECT_EQ(commits("conflict"), 1);
  EXPECT_FALSE(signs->store_failure());
}

TEST_F(measured_store, only_a_failed_attempt_is_a_retry) {
  const outbox out(*store, bergvik, service::dpo);
  outbox_item item;
  item.id = 7;
  item.via = service::dpo;
  item.message = message_number(1);
  item.queued = item.due = now;
  batch inserted;
  out.insert(inserted, item);
  ASSERT_TRUE(commit(inserted));
  batch claim;
  time_point from{};
  auto claimed = out.claim_due(claim, from, now, 1, "sender", std::chrono::seconds(60));
  ASSERT_TRUE(claimed && claimed->size() == 1);
  ASSERT_TRUE(commit(claim));
  const auto retries =
      meters->send_retries.with({{"organisation", "910077473"}, {"service", "DPO"}});
  EXPECT_EQ(retries.value(), 0);
  batch postponed;
  out.postpone(postponed, claimed->front(), now + std::chrono::seconds(20), "HTTP 503");
  ASSERT_TRUE(commit(postponed));
  EXPECT_EQ(retries.value(), 1);
}

TEST_F(measured_store, a_store_that_fails_is_reported) {
  store = actors::measure(std::make_unique<failing_engine>(), meters, signs);
  batch b;
  b.put(std::string("\0\0\0\1key", 7), "value");
  EXPECT_FALSE(commit(b));
  EXPECT_EQ(commits("failed"), 1);
  EXPECT_EQ(signs->store_failure(), "the disk is gone");
}
