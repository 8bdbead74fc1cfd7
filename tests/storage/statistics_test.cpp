#include "storage/statistics.hpp"

#include "config/text.hpp"
#include "storage/alerts.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

constexpr channel_number arkiv{1}, fag{7};

class statistics_test : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    kept = std::make_unique<statistics>(*store);
  }
  static channel_event event(status_name name, std::int64_t second = 0) {
    channel_event made;
    made.at = at_second(second);
    made.message = message_number(1);
    made.conversation = *conversation_id::parse("00000000-0000-4000-8000-000000000002");
    made.via = service::dpo;
    made.name = name;
    return made;
  }
  void happen(organisation_id whose, channel_number where, status_name name,
              std::int64_t second = 0) {
    batch b;
    append_event(b, whose, where, event(name, second));
    ASSERT_EQ(commit(b), "");
  }
  sequence_number mark() {
    batch b;
    statistics::put_mark(b);
    EXPECT_EQ(commit(b), "");
    return *kept->newest_mark();
  }
  status_counts walk(sequence_number after, sequence_number before, std::size_t portion = 1000) {
    status_counts all;
    feed_walk through(*store, after, before);
    const auto visit = [&](organisation_id whose, const channel_event& e) { count(all, whose, e); };
    for (int i = 0; i < 1000; ++i)
      if (!*through.next(portion, visit)) return all;
    ADD_FAILURE() << "it has no end";
    return all;
  }
  static std::uint64_t sum(const status_counts& all) {
    std::uint64_t of = 0;
    for (const auto& [key, count] : all) of += count;
    return of;
  }
  std::unique_ptr<statistics> kept;
};

const statistics_key sent{hamar, hour_of(at_second(0)), service::dpo, direction::outgoing,
                          status_name::sendt};

}  // namespace

TEST(statistics_hours, begin_at_the_full_hour) {
  EXPECT_EQ(hour_of(time_point(3599s)), 0u);
  EXPECT_EQ(hour_of(time_point(3600s)), 1u);
  EXPECT_EQ(hour_of(time_point(-1s)), 0u);
  EXPECT_EQ(begin_of(2), time_point(7200s));
}

TEST_P(statistics_test, add_up_under_pinned_keys) {
  const auto at = mark();
  batch b;
  ASSERT_TRUE(kept->add(b, {{sent, 3}}, at));
  EXPECT_EQ(commit(b), "");
  const auto next = mark();
  batch more;
  ASSERT_TRUE(kept->add(more, {{sent, 4}}, next));
  EXPECT_EQ(commit(more), "");
  const auto rows = *kept->read(hamar, 0, UINT32_MAX, 10);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].key, sent);
  EXPECT_EQ(rows[0].count, 7u);
  EXPECT_EQ(*kept->counted_until(), next);
  const auto stored = store->get(*from_hex("363eae21620007349e010101"));
  EXPECT_EQ(stored && *stored ? to_hex(**stored) : "", "0000000000000007");
  EXPECT_EQ(*kept->newest_mark(), 0u) << "marks that were reached are gone";
}

TEST_P(statistics_test, are_not_added_twice_from_the_same_place) {
  const auto at = mark();
  batch first, second;
  ASSERT_TRUE(kept->add(first, {{sent, 1}}, at));
  ASSERT_TRUE(kept->add(second, {{sent, 1}}, at));
  EXPECT_EQ(commit(first), "");
  EXPECT_EQ(commit(second), "precondition failed");
}

TEST_P(statistics_test, are_read_by_hour_and_trimmed) {
  status_counts counts;
  for (hour_number hour = 10; hour < 20; ++hour) {
    auto key = sent;
    key.hour = hour;
    counts[key] = hour;
  }
  batch b;
  ASSERT_TRUE(kept->add(b, counts, mark()));
  EXPECT_EQ(commit(b), "");
  const auto some = *kept->read(hamar, 12, 15, 10);
  ASSERT_EQ(some.size(), 3u);
  EXPECT_EQ(some[0].key.hour, 12u);
  EXPECT_EQ(kept->read(hamar, 0, 100, 4)->size(), 4u);
  EXPECT_TRUE(kept->read(oslo, 0, 100, 10)->empty());
  batch trimming;
  EXPECT_TRUE(*kept->trim(trimming, hamar, 15, 3));
  EXPECT_EQ(commit(trimming), "");
  batch rest;
  EXPECT_FALSE(*kept->trim(rest, hamar, 15, 3));
  EXPECT_EQ(commit(rest), "");
  EXPECT_EQ(kept->read(hamar, 0, 100, 100)->front().key.hour, 15u);
}

TEST_P(statistics_test, can_be_counted_anew_from_the_feeds_between_two_marks) {
  happen(hamar, arkiv, status_name::opprettet);
  const auto from = mark();
  happen(hamar, arkiv, status_name::sendt);
  happen(hamar, fag, status_name::sendt, 5);
  happen(oslo, arkiv, status_name::feil);
  happen(hamar, arkiv, status_name::levert);
  const auto to = mark();
  happen(hamar, arkiv, status_name::lest);
  happen(oslo, fag, status_name::lest);
  for (const std::size_t portion : {1000u, 1u, 2u}) {
    const auto all = walk(from, to, portion);
    EXPECT_EQ(sum(all), 4u) << portion;
    EXPECT_EQ(all.at(sent), 2u);
    EXPECT_EQ(sum(walk(0, to, portion)), 5u);
    EXPECT_EQ(sum(walk(0, UINT64_MAX, portion)), 7u);
    EXPECT_EQ(sum(walk(to, to, portion)), 0u);
  }
}

TEST_P(statistics_test, do_not_count_arrivals) {
  auto arrival = event(status_name::opprettet);
  arrival.kind = event_kind::arrival;
  batch b;
  append_event(b, hamar, arkiv, arrival);
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(sum(walk(0, UINT64_MAX)), 0u);
}

TEST_P(statistics_test, are_found_for_every_organisation_in_the_store) {
  EXPECT_TRUE(stored_organisations(*store)->empty());
  happen(oslo, arkiv, status_name::feil);
  happen(hamar, arkiv, status_name::feil);
  mark();
  EXPECT_EQ(*stored_organisations(*store), (std::vector{hamar, oslo}));
}

TEST_P(statistics_test, have_alerts_beside_them_that_wait_in_order) {
  alert one;
  one.kind = alert_kind::failed;
  one.at = time_point(1s);
  one.organisation = hamar;
  one.via = service::dpo;
  one.count = 2;
  one.messages = {"m"};
  one.description = "d";
  EXPECT_EQ(to_hex(encode(one)),
            "0101"
            "80897a"
            "a1dcfab103"
            "01"
            "01"
            "02"
            "01016d"
            "0164"
            "00");
  EXPECT_EQ(encode(*decode_alert(encode(one))), encode(one));
  EXPECT_EQ(outcome(decode_alert("\x01\x09")), "corrupt");
  auto parked = one;
  parked.kind = alert_kind::parked;
  EXPECT_EQ(to_hex(encode(parked)).substr(0, 4), "0105");
  EXPECT_EQ(encode(*decode_alert(encode(parked))), encode(parked));
  const alerts all(*store);
  for (int i = 0; i < 3; ++i) {
    batch b;
    alerts::append(b, one);
    ASSERT_EQ(commit(b), "");
  }
  const auto waiting = *all.after(0, 10);
  ASSERT_EQ(waiting.size(), 3u);
  EXPECT_EQ(all.after(waiting[0].sequence, 10)->size(), 2u);
  EXPECT_EQ(*all.progress("mail"), 0u);
  batch b;
  alerts::put_progress(b, "mail", waiting[1].sequence);
  EXPECT_FALSE(*all.remove_until(b, waiting[1].sequence, 10));
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(*all.progress("mail"), waiting[1].sequence);
  EXPECT_EQ(*all.progress("https://elsewhere.example.no"), 0u);
  EXPECT_EQ(all.after(0, 10)->size(), 1u);
}

TEST_P(statistics_test, remember_of_which_silences_operators_were_told) {
  const alerts all(*store);
  batch b;
  alerts::put_silence(b, {hamar, service::dpo}, 7);
  alerts::put_silence(b, {oslo, service::dpv}, 9);
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(*all.silences(), (std::map<alerts::silence_key, hour_number>{
                                 {{hamar, service::dpo}, 7}, {{oslo, service::dpv}, 9}}));
  batch end;
  alerts::end_silence(end, {hamar, service::dpo});
  ASSERT_EQ(commit(end), "");
  EXPECT_EQ(all.silences()->size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(engines, statistics_test,
                         testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);
