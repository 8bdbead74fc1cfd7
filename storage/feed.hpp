#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "storage/engine.hpp"
#include "storage/records.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What happened in a channel, in the order in which it was committed: for whoever follows along
// (event streams, webhooks, long polls). Every status registration and every stored arrival is
// there, from the same commit.

namespace kp::storage {

// Numbers are stored: never change one.
enum class event_kind : std::uint8_t {
  status = 1,   // registered on a conversation
  arrival = 2,  // a message was put in the inbox
};

struct channel_event {
  event_kind kind = event_kind::status;
  time_point at{};  // of the status or the arrival; a transport may date a status back
  message_id message;
  conversation_id conversation;
  kp::direction way = kp::direction::outgoing;
  service via = service::unknown;
  // Of a status; the rows are the `id` and `convId` of the API.
  row_id status_row = 0;
  row_id conversation_row = 0;
  status_name name = status_name::opprettet;
  std::optional<std::string> description;
  // Of an arrival, as in inbound_message.
  std::string sender;    // part or primary
  std::string receiver;  // primary
  std::string process;
  std::string type;  // documentIdentification.type
};
std::string encode(const channel_event&);
// Errors: as the other records (storage/codec.hpp).
result<channel_event> decode_event(std::string_view bytes);

// Rises in the order of commits, over all channels of the store; 0 is before the first.
using sequence_number = std::uint64_t;

// For who has no feed at hand.
void append_event(batch&, organisation_id, channel_number, const channel_event&);
// The channel whose feed a batch appends to with this key prefix; nullopt: it is something else.
std::optional<std::pair<organisation_id, channel_number>> feed_of_prefix(std::string_view prefix);

// The feeds of one organisation's channels.
class feed {
 public:
  feed(const engine& store, organisation_id organisation);

  void append(batch&, channel_number, const channel_event&) const;

  struct entry {
    sequence_number sequence = 0;
    channel_event event;
  };
  // The events after `sequence`, oldest first, at most `limit`.
  result<std::vector<entry>> after(channel_number, sequence_number, std::size_t limit) const;
  // The newest event that the channel has had, also when it has been removed since; 0: none yet.
  result<sequence_number> newest(channel_number) const;
  // Up to and with this one, events have been removed by trim(); 0: none. Who has seen only up to
  // an earlier one has a gap.
  result<sequence_number> trimmed(channel_number) const;

  // Removes at most `limit` events that are known to be older than `keep`, and notes every
  // `mark_every` what is the newest, by which that will be known later: ages are those of commits,
  // since statuses may be dated back. True when there is more to remove. Adds compare-and-set on
  // what trimmed() says.
  static constexpr std::chrono::minutes mark_every{15};
  result<bool> trim(batch&, channel_number, time_point now, std::chrono::microseconds keep,
                    std::size_t limit) const;

 private:
  result<void> mark(batch&, channel_number, time_point now) const;

  const engine& store_;
  organisation_id organisation_;
};

}  // namespace kp::storage
