#include "storage/feed.hpp"

#include "config/text.hpp"
#include "storage/big_endian.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

constexpr channel_number arkiv{1};
constexpr channel_number fag{2};

channel_event sample_status() {
  channel_event event;
  event.kind = event_kind::status;
  event.at = time_point(1s);
  event.message = message_number(1);
  event.conversation = *conversation_id::parse("00000000-0000-4000-8000-000000000002");
  event.way = kp::direction::outgoing;
  event.via = service::dpo;
  event.status_row = 3;
  event.conversation_row = 2;
  event.name = status_name::sendt;
  event.description = "ok";
  return event;
}

channel_event sample_arrival() {
  channel_event event = sample_status();
  event.kind = event_kind::arrival;
  event.way = kp::direction::incoming;
  event.sender = "s";
  event.receiver = "r";
  event.process = "p";
  event.type = "t";
  return event;
}

class feed_test : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    events = std::make_unique<feed>(*store, hamar);
  }
  void add(channel_number channel, std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) {
      batch b;
      events->append(b, channel, sample_status());
      ASSERT_EQ(commit(b), "");
    }
  }
  std::vector<sequence_number> after(channel_number channel, sequence_number sequence,
                                     std::size_t limit = 100) const {
    std::vector<sequence_number> found;
    const auto list = events->after(channel, sequence, limit);
    EXPECT_TRUE(list);
    for (const auto& each : list.value()) found.push_back(each.sequence);
    return found;
  }
  // Trims as its caller does; returns how many commits it took.
  int trim(time_point now, std::size_t limit = 100) {
    for (int commits = 1;; ++commits) {
      batch b;
      const auto more = events->trim(b, arkiv, now, 1h, limit);
      EXPECT_TRUE(more);
      EXPECT_EQ(commit(b), "");
      if (!more.value()) return commits;
    }
  }
  std::unique_ptr<feed> events;
};

using numbers = std::vector<sequence_number>;

}  // namespace

TEST_P(feed_test, gives_the_events_of_one_channel_in_the_order_of_commits) {
  add(arkiv, 2);
  add(fag);
  add(arkiv);
  EXPECT_EQ(after(arkiv, 0), (numbers{1, 2, 4}));
  EXPECT_EQ(after(arkiv, 1), (numbers{2, 4}));
  EXPECT_EQ(after(arkiv, 0, 2), (numbers{1, 2}));
  EXPECT_EQ(after(arkiv, 4), numbers{});
  EXPECT_EQ(after(arkiv, UINT64_MAX), numbers{});
  EXPECT_EQ(after(fag, 0), numbers{3});
  EXPECT_EQ(feed(*store, oslo).after(arkiv, 0, 10)->size(), 0u);
}

TEST_P(feed_test, knows_the_newest_event_of_a_channel) {
  EXPECT_EQ(*events->newest(arkiv), 0u);
  add(arkiv);
  add(fag);
  EXPECT_EQ(*events->newest(arkiv), 1u);
  EXPECT_EQ(*events->newest(fag), 2u);
}

TEST_P(feed_test, removes_what_was_committed_longer_ago_than_it_is_kept) {
  add(arkiv, 3);
  trim(at_second(0));
  EXPECT_EQ(*events->trimmed(arkiv), 0u);
  add(arkiv, 2);
  trim(at_second(3599));
  EXPECT_EQ(after(arkiv, 0), (numbers{1, 2, 3, 4, 5}));
  trim(at_second(3601));
  EXPECT_EQ(after(arkiv, 0), (numbers{4, 5}));
  EXPECT_EQ(*events->trimmed(arkiv), 3u);
  trim(at_second(3599 + 3601));
  EXPECT_EQ(after(arkiv, 0), numbers{});
  EXPECT_EQ(*events->trimmed(arkiv), 5u);
  EXPECT_EQ(*events->newest(arkiv), 5u);
}

TEST_P(feed_test, keeps_a_status_that_was_dated_back) {
  trim(at_second(0));
  add(arkiv);  // sample_status() is from 1970
  trim(at_second(1));
  trim(at_second(3500));
  EXPECT_EQ(after(arkiv, 0), numbers{1});
}

TEST_P(feed_test, removes_a_long_past_in_portions) {
  add(arkiv, 25);
  trim(at_second(0));
  batch b;
  EXPECT_TRUE(*events->trim(b, arkiv, at_second(4000), 1h, 10));
  EXPECT_EQ(commit(b), "");
  EXPECT_EQ(*events->trimmed(arkiv), 10u);
  EXPECT_EQ(after(arkiv, 0).size(), 15u);
  EXPECT_EQ(trim(at_second(4000), 10), 2);
  EXPECT_EQ(*events->trimmed(arkiv), 25u);
}

TEST_P(feed_test, writes_nothing_for_a_channel_where_nothing_happens) {
  const auto idle = [&](time_point now) {
    batch b;
    EXPECT_FALSE(*events->trim(b, arkiv, now, 1h, 10));
    return b.empty();
  };
  EXPECT_TRUE(idle(at_second(0)));
  add(arkiv);
  trim(at_second(0));
  EXPECT_TRUE(idle(at_second(3000)));
  trim(at_second(4000));
  EXPECT_TRUE(idle(at_second(8000)));
  EXPECT_EQ(entries_of(*store, hamar, record_kind::channel_event_mark), 0u);
}

TEST_P(feed_test, does_not_remove_twice_what_two_removed_at_once) {
  add(arkiv);
  trim(at_second(0));
  batch one, other;
  EXPECT_TRUE(events->trim(one, arkiv, at_second(4000), 1h, 10));
  EXPECT_TRUE(events->trim(other, arkiv, at_second(4000), 1h, 10));
  EXPECT_EQ(commit(one), "");
  EXPECT_EQ(commit(other), "precondition failed");
}

TEST_P(feed_test, has_every_status_and_every_arrival) {
  row_ids ids(*store, hamar);
  conversations all(*store, hamar);
  statuses rows(*store, hamar);
  inbox unread(*store, hamar);
  batch b;
  conversation c;
  c.message = message_number(1);
  c.channel = arkiv;
  c.way = kp::direction::incoming;
  c.via = service::dpo;
  EXPECT_TRUE(
      start_conversation(b, all, rows, ids, c, {{status_name::opprettet, {}, {}, at_second(1)}}));
  inbound_message m;
  m.id = 70;
  m.order = 71;
  m.message = c.message;
  m.channel = arkiv;
  m.via = service::dpo;
  m.sender_identifier = "910075918";
  m.receiver_identifier = "910077473";
  m.process = "urn:process";
  m.type = "arkivmelding";
  m.last_updated = at_second(2);
  unread.insert(b, m);
  ASSERT_EQ(commit(b), "");
  batch later;
  EXPECT_TRUE(
      *register_status(later, all, rows, ids, c, {status_name::feil, "broken", {}, at_second(3)}));
  EXPECT_FALSE(
      *register_status(later, all, rows, ids, c, {status_name::feil, "again", {}, at_second(4)}));
  ASSERT_EQ(commit(later), "");

  const auto list = events->after(arkiv, 0, 10).value();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].event.kind, event_kind::status);
  EXPECT_EQ(list[0].event.name, status_name::opprettet);
  EXPECT_EQ(list[0].event.message, c.message);
  EXPECT_EQ(list[0].event.conversation_row, c.id);
  EXPECT_EQ(list[0].event.way, kp::direction::incoming);
  EXPECT_EQ(list[1].event.kind, event_kind::arrival);
  EXPECT_EQ(list[1].event.sender, "910075918");
  EXPECT_EQ(list[1].event.receiver, "910077473");
  EXPECT_EQ(list[1].event.process, "urn:process");
  EXPECT_EQ(list[1].event.type, "arkivmelding");
  EXPECT_EQ(list[1].event.at, at_second(2));
  EXPECT_EQ(list[2].event.name, status_name::feil);
  EXPECT_EQ(list[2].event.description, "broken");
  EXPECT_EQ(list[2].event.at, at_second(3));
}

INSTANTIATE_TEST_SUITE_P(both, feed_test,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

TEST(channel_event_record, has_bytes_that_never_change) {
  const auto id = [](const char* digit) {
    return to_hex("00000000-0000-4000-8000-00000000000" + std::string(digit));
  };
  const auto common = "80897a24" + id("1") + "24" + id("2");
  EXPECT_EQ(to_hex(encode(sample_status())), "0101" + common + "0101" + "0302" + "01" + "01026f6b");
  EXPECT_EQ(to_hex(encode(sample_arrival())),
            "0102" + common + "0201" + "0173" + "0172" + "0170" + "0174");
  EXPECT_EQ(static_cast<int>(event_kind::status), 1);
  EXPECT_EQ(static_cast<int>(event_kind::arrival), 2);
}

TEST(channel_event_record, is_read_back_and_refused_when_damaged) {
  for (const auto& event : {sample_status(), sample_arrival()}) {
    const auto bytes = encode(event);
    const auto read = decode_event(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(encode(*read), bytes);
    for (std::size_t n = 0; n < bytes.size(); ++n)
      ASSERT_EQ(outcome(decode_event(bytes.substr(0, n))), "corrupt") << n;
    auto newer = bytes;
    newer[0] = 2;
    EXPECT_EQ(outcome(decode_event(newer)), "unknown format");
    auto strange = bytes;
    strange[1] = 3;
    EXPECT_EQ(outcome(decode_event(strange)), "corrupt");
  }
}

TEST(channel_event_record, has_a_key_from_which_its_channel_is_known) {
  batch b;
  append_event(b, hamar, fag, sample_status());
  const auto& prefix = b.appended().at(0).key_prefix;
  EXPECT_EQ(to_hex(prefix), to_hex(to_big_endian(hamar.number())) + "2d" + "00000002");
  const auto place = feed_of_prefix(prefix);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->first, hamar);
  EXPECT_EQ(place->second, fag);
  EXPECT_FALSE(feed_of_prefix(prefix + "x"));
  EXPECT_FALSE(feed_of_prefix(key_builder(hamar, record_kind::status).u32(2).str()));
}
