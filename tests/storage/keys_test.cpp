#include "storage/keys.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

TEST(keys, have_record_kinds_that_never_change) {
  const std::vector<std::pair<record_kind, int>> pinned{{record_kind::sequence, 1},
                                                        {record_kind::channel_registry, 2},
                                                        {record_kind::data_key, 3},
                                                        {record_kind::channel_merge, 5},
                                                        {record_kind::erase_receipt, 7},
                                                        {record_kind::outgoing_message, 10},
                                                        {record_kind::outgoing_owner, 11},
                                                        {record_kind::outgoing_document, 12},
                                                        {record_kind::inbound_message, 20},
                                                        {record_kind::inbound_queue, 21},
                                                        {record_kind::inbound_lock, 22},
                                                        {record_kind::inbound_lock_expiry, 23},
                                                        {record_kind::inbound_listing, 24},
                                                        {record_kind::conversation, 30},
                                                        {record_kind::conversation_by_message, 31},
                                                        {record_kind::conversation_expiry, 32},
                                                        {record_kind::conversation_set, 33},
                                                        {record_kind::conversation_by_update, 34},
                                                        {record_kind::status, 40},
                                                        {record_kind::status_by_message, 41},
                                                        {record_kind::status_queue, 42},
                                                        {record_kind::status_by_update, 43},
                                                        {record_kind::upkeep, 44},
                                                        {record_kind::channel_event, 45},
                                                        {record_kind::channel_event_mark, 46},
                                                        {record_kind::channel_event_trimmed, 47},
                                                        {record_kind::idempotent_answer, 48},
                                                        {record_kind::outbox_item, 50},
                                                        {record_kind::outbox_due, 51},
                                                        {record_kind::outbox_claim, 52},
                                                        {record_kind::outbox_by_message, 53},
                                                        {record_kind::service_pause, 54},
                                                        {record_kind::outbox_parked, 55},
                                                        {record_kind::channel_reference, 60},
                                                        {record_kind::transfer, 61},
                                                        {record_kind::inbound_seat, 70},
                                                        {record_kind::blob, 80},
                                                        {record_kind::blob_bytes, 81},
                                                        {record_kind::subscription, 90},
                                                        {record_kind::webhook_progress, 91},
                                                        {record_kind::webhook_parked, 92},
                                                        {record_kind::webhook_dead, 93},
                                                        {record_kind::tracked_by_due, 94},
                                                        {record_kind::tracked, 95},
                                                        {record_kind::fiks_note, 99},
                                                        {record_kind::fiks_parked, 102},
                                                        {record_kind::health_reference, 103},
                                                        {record_kind::receipt_channel, 104},
                                                        {record_kind::status_report, 96},
                                                        {record_kind::status_report_refused, 97},
                                                        {record_kind::statistics, 98},
                                                        {record_kind::seat_choice, 100},
                                                        {record_kind::seat_followers, 101},
                                                        {record_kind::health_reference_by_time, 105},
                                                        {record_kind::service_key, 106}};
  for (const auto& [kind, number] : pinned) EXPECT_EQ(static_cast<int>(kind), number);
}

TEST(keys, begin_with_organisation_and_kind_and_end_text_parts_in_a_zero) {
  const auto key = key_builder(organisation_id::from_number(0x01020304), record_kind::status)
                       .u8(5)
                       .u32(6)
                       .text_part("ab")
                       .u64(7)
                       .text("cd")
                       .str();
  EXPECT_EQ(to_hex(key),
            "01020304"
            "28"
            "05"
            "00000006"
            "616200"
            "0000000000000007"
            "6364");
}

TEST(keys, keep_times_in_order_also_before_1970) {
  const auto key = [](time_point at) {
    return key_builder(hamar, record_kind::outbox_due).time(at).str();
  };
  EXPECT_LT(key(time_point::min()), key(time_point(-1us)));
  EXPECT_LT(key(time_point(-1us)), key(time_point{}));
  EXPECT_LT(key(time_point{}), key(time_point(1us)));
  EXPECT_LT(key(time_point(1us)), key(time_point::max()));
}

TEST(keys, are_taken_apart_as_they_were_put_together) {
  const auto key = key_builder(hamar, record_kind::inbound_lock_expiry)
                       .u8(3)
                       .u32(70000)
                       .time(time_point(-5us))
                       .u64(UINT64_MAX)
                       .text("rest")
                       .str();
  key_reader reader(key);
  EXPECT_EQ(reader.u8(), 3);
  EXPECT_EQ(reader.u32(), 70000u);
  EXPECT_EQ(reader.time(), time_point(-5us));
  EXPECT_EQ(reader.u64(), UINT64_MAX);
  EXPECT_EQ(reader.rest(), "rest");
  EXPECT_TRUE(reader.whole());
  reader.u64();
  EXPECT_FALSE(reader.whole());
  EXPECT_FALSE(key_reader("abc").whole());
}

TEST(keys, have_an_end_after_every_key_with_a_prefix) {
  EXPECT_EQ(prefix_end("ab"), "ac");
  EXPECT_EQ(prefix_end("a\xff\xff"), "b");
  EXPECT_EQ(organisation_end(hamar),
            organisation_begin(organisation_id::from_number(hamar.number() + 1)));
}
