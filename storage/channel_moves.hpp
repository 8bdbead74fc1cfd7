#pragma once

#include "storage/repositories.hpp"

namespace kp::storage {

// Moves what is kept under one channel number to another one: messages, conversations with their
// statuses, inbox. Adds at most `limit` messages and conversations to `b` (compare and set on each,
// so that whoever works on one meanwhile makes the commit fail: decide again), and returns how
// many; 0: nothing is left. Items of the outbox keep the number they were queued with; their
// messages are found by id. Subscriptions and past events of the feed stay behind.
result<std::size_t> move_channel_records(batch& b, const engine& store,
                                         organisation_id organisation, const conversations& talks,
                                         const statuses& rows, channel_number from,
                                         channel_number into, std::size_t limit);

// What of a channel has not come to its end.
struct unfinished {
  std::size_t outgoing = 0;  // messages that have not left
  std::size_t incoming = 0;  // messages that nobody has fetched
};
// Each counted up to `limit`.
result<unfinished> unfinished_of(const engine& store, organisation_id organisation,
                                 channel_number channel, std::size_t limit);

}  // namespace kp::storage
