#pragma once

#include "storage/repositories.hpp"

#include <map>
#include <span>

namespace kp::storage {

// Channels are stored under numbers, so that a channel can be renamed without moving its records. A
// channel that takes over another one's number gets its records moved to its own
// (storage/channel_moves.hpp); which number went where is kept for ever, so that a number that is
// still written somewhere can be followed.

struct wanted_channel {
  channel_name name;
  std::vector<channel_name> previous;  // names whose records become this channel's
};

struct channel_merge {
  channel_number from{};
  channel_number into{};
  bool done = false;  // no record is left under `from`
};

struct channel_numbers {
  std::map<channel_name, channel_number> numbers;   // of the wanted ones
  std::map<channel_number, channel_number> merged;  // where a number's records are, or will be
  std::vector<channel_merge> to_move;               // not done yet
  std::vector<channel_registry::entry> left;        // names that nobody wants or claims
  std::vector<std::pair<channel_name, channel_name>> renamed;  // before, after
  std::vector<std::pair<channel_name, channel_name>> taken;    // previous name, who takes it over
};

// Which number each wanted channel has; adds to `b` what must be committed for that to be so (an
// empty batch: it is so already). A previous name passes its number on to a channel that has none
// yet, and is merged into one that has. Names that are wanted themselves are nobody's previous
// names. Commit refuses when the registry has changed meanwhile: decide again.
result<channel_numbers> number_channels(batch& b, const engine& store, organisation_id organisation,
                                        std::span<const wanted_channel> wanted);

// Adds that nothing is left to move for this merge.
void finish_merge(batch& b, organisation_id organisation, const channel_merge& merge);

}  // namespace kp::storage
