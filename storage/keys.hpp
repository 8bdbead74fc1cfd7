#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace kp::storage {

// What a key is about. These numbers are on disk: never change or reuse one. A test pins them.
//
// A key is: organisation (u32) | kind (u8) | parts. Integers are big-endian so that byte order is
// numeric order; a text part that is followed by another part ends in 0x00.
enum class record_kind : std::uint8_t {
  sequence = 1,                  // -> next row id that is surely unused
  channel_registry = 2,          // channel name -> channel number
  data_key = 3,                  // -> wrapped data key
  channel_merge = 5,             // channel u32 -> channel u32 that took it over, done u8
  erase_receipt = 7,             // of hub_itself: organisation u32 -> erase_receipt
  outgoing_message = 10,         // channel u32 | message id -> outgoing_message
  outgoing_owner = 11,           // message id -> channel u32
  outgoing_document = 12,        // message id -> its SBD, as text
  inbound_message = 20,          // message id -> inbound_message
  inbound_queue = 21,            // channel u32 | order u64 -> message id (unlocked messages only)
  inbound_lock = 22,             // message id -> lease
  inbound_lock_expiry = 23,      // channel u32 | expiry i64 us | message id -> nothing
  inbound_listing = 24,          // channel u32 | row id u64 -> message id
  conversation = 30,             // channel u32 | row id u64 -> conversation
  conversation_by_message = 31,  // direction u8 | message id -> channel u32, row id u64
  conversation_expiry =
      32,                 // expiry i64 us | channel u32 | row id u64 -> nothing (unfinished only)
  conversation_set = 33,  // channel u32 | set u8 | parts -> nothing; sets are in conversations.cpp
  conversation_by_update = 34,  // channel u32 | last update i64 us | row id u64 -> nothing
  status = 40,                  // channel u32 | status id u64 -> status
  status_by_message = 41,       // channel u32 | message id 0x00 | status id u64 -> nothing
  status_queue = 42,            // channel u32 | status id u64 -> nothing
  status_by_update = 43,        // channel u32 | last update i64 us | status id u64 -> nothing
  upkeep = 44,                  // channel u32 | what u8 -> depends; see upkeep.hpp
  channel_event = 45,           // channel u32 | sequence u64 -> channel_event
  channel_event_mark = 46,      // channel u32 | time i64 us -> newest sequence at that time
  channel_event_trimmed = 47,   // channel u32 -> newest sequence that has been removed
  // channel u32 | 0 u8 | SHA-256 of the client's key -> idempotent_answer
  // channel u32 | 1 u8 | expiry i64 us | SHA-256 of the client's key -> nothing
  idempotent_answer = 48,
  outbox_item = 50,            // service u8 | item id u64 -> outbox_item
  outbox_due = 51,             // service u8 | due i64 us | item id u64 -> nothing
  outbox_claim = 52,           // service u8 | item id u64 -> lease
  outbox_by_message = 53,      // service u8 | message id 0x00 | item id u64 -> nothing
  service_pause = 54,          // service u8 -> service_pause (storage/operator_marks.hpp)
  outbox_parked = 55,          // service u8 | item id u64 -> parked_mark
  channel_reference = 60,      // message id -> message channel name to echo
  transfer = 61,               // service u8 | transfer id -> transfer
  inbound_seat = 70,           // service u8 -> lease
  blob = 80,                   // blob id -> blob record
  blob_bytes = 81,             // blob id -> encrypted bytes of a small blob
  subscription = 90,           // channel u32 | row id u64 -> subscription
  webhook_progress = 91,       // subscription id u64 -> delivery_progress
  webhook_parked = 92,         // subscription id u64 | sequence u64 -> webhook_delivery
  webhook_dead = 93,           // subscription id u64 | sequence u64 -> webhook_delivery
  tracked_by_due = 94,         // service u8 | due i64 us | message id -> nothing
  tracked = 95,                // service u8 | message id -> tracked (storage/tracking.hpp)
  status_report = 96,          // sequence u64 -> status_report (storage/status_reports.hpp)
  status_report_refused = 97,  // sequence u64 -> refused_report
  statistics = 98,             // hour u32 | service u8 | direction u8 | status u8 -> count u64; of
                               // hub_itself: part u8 | depends; see statistics.hpp
  fiks_note = 99,              // id at FIKS IO -> fiks_note (storage/fiks_notes.hpp)
  seat_choice = 100,           // service u8 -> seat_choice (storage/inbound_seats.hpp)
  seat_followers = 101,        // service u8 | channel u32 -> nothing: its waiting messages move
  fiks_parked = 102,           // SHA-256 of it, in hex -> parked_delivery (storage/fiks_notes.hpp)
  health_reference = 103,      // id at NHN -> health_reference (storage/health_references.hpp)
  receipt_channel =
      104,                         // name of a channel of DPI -> receipt_channel (storage/receipt_channels.hpp)
  health_reference_by_time = 105,  // arrival i64 us | id at NHN -> nothing
  service_key = 106,               // service u8 -> service_key (storage/service_keys.hpp)
};

// Under this number, which no organisation has, the hub keeps what is nobody's.
inline constexpr organisation_id hub_itself = organisation_id::from_number(1);

class key_builder {
 public:
  key_builder(organisation_id organisation, record_kind kind);
  key_builder& u8(std::uint8_t value) &;
  key_builder& u32(std::uint32_t value) &;
  key_builder& u64(std::uint64_t value) &;
  key_builder& time(time_point value) &;             // sign bit flipped, so that order holds
  key_builder& text(std::string_view value) &;       // as is: only as the last part
  key_builder& text_part(std::string_view value) &;  // ends in 0x00
  // The same for a chain that begins with a temporary.
  key_builder&& u8(std::uint8_t value) && { return std::move(u8(value)); }
  key_builder&& u32(std::uint32_t value) && { return std::move(u32(value)); }
  key_builder&& u64(std::uint64_t value) && { return std::move(u64(value)); }
  key_builder&& time(time_point value) && { return std::move(time(value)); }
  key_builder&& text(std::string_view value) && { return std::move(text(value)); }
  key_builder&& text_part(std::string_view value) && { return std::move(text_part(value)); }
  std::string str() const& { return key_; }
  std::string str() && { return std::move(key_); }

 private:
  std::string key_;
};

// Takes a key apart, part by part in the order it was built. A key that is too short gives zeros
// and says so in whole().
class key_reader {
 public:
  static constexpr std::size_t header = 5;  // organisation and kind
  explicit key_reader(std::string_view key)
      : key_(key.size() < header ? std::string_view{} : key.substr(header)),
        whole_(key.size() >= header) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }
  time_point time();
  std::string_view rest() const { return key_; }
  bool whole() const { return whole_; }

 private:
  std::uint64_t integer(std::size_t bytes);
  std::string_view key_;
  bool whole_;
};

// The smallest key after every key that begins with `prefix` (which never is 0xff throughout: it
// begins with an organisation number).
std::string prefix_end(std::string_view prefix);

// All keys of one organisation: [begin, end).
std::string organisation_begin(organisation_id);
std::string organisation_end(organisation_id);

}  // namespace kp::storage
