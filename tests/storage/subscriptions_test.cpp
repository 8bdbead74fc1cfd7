#include "storage/subscriptions.hpp"

#include "config/text.hpp"
#include "storage/secret_box.hpp"
#include "tests/storage/stores.hpp"

#include <gmock/gmock.h>

namespace kp::storage {
namespace {

using namespace kp::test;
using namespace std::chrono_literals;
using testing::ElementsAre;

const auto ref = *conversation_id::parse("37efbd4c-413d-4e2c-bbc5-257ef4a65a45");
constexpr channel_number sak{1}, fag{2};

subscription sample(row_id id, channel_number channel = sak) {
  return {.id = id,
          .channel = channel,
          .name = "inbox",
          .push_endpoint = "https://a.no/h",
          .resource = "all",
          .event = "status",
          .filter = "status=FEIL",
          .secrets = {{"s1", {}}, {"s0", time_point(1'700'000'000'123'456us)}}};
}

webhook_delivery event(std::uint64_t sequence) {
  return {.sequence = sequence,
          .at = time_point(1'700'000'000'123'456us),
          .message = message_number(static_cast<unsigned>(sequence)),
          .conversation = ref,
          .way = direction::incoming,
          .via = service::dpo,
          .name = status_name::innkommende_mottatt,
          .description = "d",
          .attempts = 3,
          .since = at_second(1),
          .due = at_second(2),
          .last_error = "HTTP 500"};
}

class subscriptions_test : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    ours.emplace(*store, hamar);
  }
  std::vector<row_id> ids_of(channel_number channel) {
    std::vector<row_id> ids;
    for (const auto& each : ours->list(channel, {}, {})->items) ids.push_back(each.id);
    return ids;
  }
  std::vector<std::uint64_t> parked_of(row_id id) {
    std::vector<std::uint64_t> all;
    for (const auto& each : *ours->parked(id)) all.push_back(each.sequence);
    return all;
  }
  std::optional<subscriptions> ours;
};
INSTANTIATE_TEST_SUITE_P(engines, subscriptions_test,
                         testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

TEST(subscription_records, have_bytes_that_never_change) {
  EXPECT_EQ(
      to_hex(encode(sample(7))),
      "01070105696e626f780e68747470733a2f2f612e6e6f2f6803616c6c06737461747573010b7374617475733d4645"
      "494c0202733100027330018089818283898506");
  EXPECT_EQ(to_hex(encode(delivery_progress{300, at_second(0), "gone"})),
            "01ac02018080f2818389850604676f6e65");
  EXPECT_EQ(
      to_hex(encode(event(9))),
      "010980898182838985062430303030303030302d303030302d343030302d383030302d30303030303030303030"
      "30392433376566626434632d343133642d346532632d626263352d323537656634613635613435020108010164"
      "038089ec82838985068092e68383898506084854545020353030");
  EXPECT_EQ(encode(*decode<subscription>(encode(sample(7)))), encode(sample(7)));
  auto limited = sample(7);
  limited.inbox_services = {service::dpo};
  limited.inbox_processes = {"urn:plan"};
  const auto bytes = encode(limited);
  EXPECT_EQ(to_hex(bytes).substr(0, 8), "02070105");
  EXPECT_EQ(to_hex(bytes).substr(2, 2 * encode(sample(7)).size() - 2),
            to_hex(encode(sample(7))).substr(2));
  EXPECT_EQ(to_hex(bytes.substr(encode(sample(7)).size())), "0101010875726e3a706c616e");
  EXPECT_EQ(encode(*decode<subscription>(bytes)), bytes);
  EXPECT_EQ(encode(*decode<webhook_delivery>(encode(event(9)))), encode(event(9)));
  EXPECT_FALSE(decode<subscription>(encode(sample(7)) + "x"));
  EXPECT_FALSE(decode<delivery_progress>("\2"));
}

TEST_P(subscriptions_test, belong_to_their_channel_and_organisation) {
  batch b;
  ours->put(b, sample(3));
  ours->put(b, sample(300));
  ours->put(b, sample(4, fag));
  subscriptions(*store, oslo).put(b, sample(5));
  ASSERT_EQ(commit(b), "");
  EXPECT_THAT(ids_of(sak), ElementsAre(3u, 300u));
  EXPECT_THAT(ids_of(fag), ElementsAre(4u));
  EXPECT_EQ(ours->all()->size(), 3u);
  EXPECT_EQ(encode(**ours->find(sak, 300)), encode(sample(300)));
  EXPECT_FALSE(*ours->find(fag, 300));
  EXPECT_FALSE(*ours->find(sak, 5));
}

TEST_P(subscriptions_test, are_empty_when_nothing_of_any_is_left) {
  ASSERT_TRUE(*ours->empty());
  batch b;
  subscriptions(*store, oslo).put(b, sample(1));
  ASSERT_EQ(commit(b), "");
  EXPECT_TRUE(*ours->empty());
  b = {};
  ours->put(b, sample(2));
  ours->bury(b, 2, event(1));
  ASSERT_EQ(commit(b), "");
  EXPECT_FALSE(*ours->empty());
  b = {};
  ours->remove(b, sample(2));
  ASSERT_EQ(commit(b), "");
  EXPECT_FALSE(*ours->empty());  // the dead letter
  b = {};
  ASSERT_TRUE(ours->clear(b, 10));
  ASSERT_EQ(commit(b), "");
  EXPECT_TRUE(*ours->empty());
}

TEST_P(subscriptions_test, remember_how_far_they_have_got) {
  EXPECT_EQ(ours->progress(3)->sequence, 0u);
  batch b;
  ours->put_progress(b, 3, {17, at_second(5), "410"});
  ASSERT_EQ(commit(b), "");
  const auto progress = *ours->progress(3);
  EXPECT_EQ(progress.sequence, 17u);
  EXPECT_EQ(progress.paused, at_second(5));
  EXPECT_EQ(progress.why_paused, "410");
}

TEST_P(subscriptions_test, keep_what_was_not_taken_in_order) {
  batch b;
  for (const std::uint64_t sequence : {300u, 2u, 256u}) ours->park(b, 3, event(sequence));
  ours->park(b, 4, event(1));
  ours->bury(b, 3, event(50));
  ours->bury(b, 3, event(49));
  ASSERT_EQ(commit(b), "");
  EXPECT_THAT(parked_of(3), ElementsAre(2u, 256u, 300u));
  EXPECT_EQ(encode(ours->parked(3)->front()), encode(event(2)));
  EXPECT_EQ(ours->dead_letters(3, {}, {})->total, 2u);
  EXPECT_EQ(ours->dead_letters(3, {}, {})->items.front().sequence, 49u);
  EXPECT_EQ(ours->dead_letters_from(3, 50, 10)->size(), 1u);
  EXPECT_EQ(ours->dead_letters_from(3, 0, 1)->front().sequence, 49u);
  EXPECT_TRUE(*ours->dead_letter(3, 50));
  EXPECT_FALSE(*ours->dead_letter(3, 51));
  batch c;
  ours->unpark(c, 3, 256);
  ours->unbury(c, 3, 50);
  ASSERT_EQ(commit(c), "");
  EXPECT_THAT(parked_of(3), ElementsAre(2u, 300u));
  EXPECT_FALSE(*ours->dead_letter(3, 50));
}

TEST_P(subscriptions_test, hold_back_a_commit_for_one_that_is_gone) {
  batch b;
  ours->put(b, sample(3));
  ASSERT_EQ(commit(b), "");
  batch late;
  ours->require(late, sample(3));
  ours->park(late, 3, event(1));
  batch gone;
  ours->remove(gone, sample(3));
  ASSERT_EQ(commit(gone), "");
  EXPECT_EQ(commit(late), "precondition failed");
}

TEST_P(subscriptions_test, leave_nothing_behind_in_the_end) {
  batch b;
  ours->put(b, sample(3));
  for (const row_id id : {2u, 3u, 4u}) {
    ours->put_progress(b, id, {1, {}, {}});
    for (const std::uint64_t n : {1u, 2u, 3u}) ours->park(b, id, event(n));
    ours->bury(b, id, event(9));
  }
  ASSERT_EQ(commit(b), "");
  for (int round = 0;; ++round) {
    ASSERT_LT(round, 10);
    batch c;
    const auto more = ours->clear(c, 3);
    ASSERT_TRUE(more);
    ASSERT_EQ(commit(c), "");
    if (!*more) break;
  }
  EXPECT_EQ(entries_of(*store, hamar, record_kind::webhook_progress), 1u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::webhook_parked), 3u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::webhook_dead), 1u);
  EXPECT_EQ(parked_of(3).size(), 3u);
}

TEST(secret_box, opens_what_it_has_sealed_for_the_same_purpose_and_organisation) {
  const secret_box box(std::string(32, 'k'), make_seeded_random(1));
  const auto sealed = box.seal(hamar, "subscription 7", "a secret of the test");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->find("secret"), std::string::npos);
  EXPECT_NE(*sealed, *box.seal(hamar, "subscription 7", "a secret of the test"));
  EXPECT_EQ(box.open(hamar, "subscription 7", *sealed), "a secret of the test");
  EXPECT_EQ(outcome(box.open(oslo, "subscription 7", *sealed)), "corrupt");
  EXPECT_EQ(outcome(box.open(hamar, "subscription 8", *sealed)), "corrupt");
  auto changed = *sealed;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  EXPECT_EQ(outcome(box.open(hamar, "subscription 7", changed)), "corrupt");
  EXPECT_EQ(outcome(box.open(hamar, "subscription 7", "")), "corrupt");
  EXPECT_EQ(outcome(box.open(hamar, "subscription 7", "\2" + sealed->substr(1))), "unknown format");
  const secret_box other(std::string(32, 'l'), make_seeded_random(1));
  EXPECT_EQ(outcome(other.open(hamar, "subscription 7", *sealed)), "corrupt");
}

}  // namespace
}  // namespace kp::storage
