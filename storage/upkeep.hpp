#pragma once

#include "storage/big_endian.hpp"
#include "storage/keys.hpp"

#include <atomic>

namespace kp::storage {

// What is kept about a channel's own records. Numbers are on disk: never change or reuse one.
enum class upkeep : std::uint8_t {
  status_removals = 1,        // -> row id of the conversation whose statuses were removed last
  conversation_removals = 2,  // -> row id of the conversation that was removed last
  indexes = 3,                // -> how far the indexes have been added (storage/reindex.hpp)
};

inline std::string upkeep_key(organisation_id organisation, channel_number channel, upkeep what) {
  return key_builder(organisation, record_kind::upkeep)
      .u32(static_cast<std::uint32_t>(channel))
      .u8(static_cast<std::uint8_t>(what))
      .str();
}

// What says in a *_removals record that rows were moved from or to the channel. Rows may be moved
// there and back, so it differs from every other one that this process has made.
inline std::string moved_mark(std::uint64_t conversation_row) {
  static std::atomic<std::uint64_t> made{0};
  return to_big_endian(conversation_row) + to_big_endian(++made);
}

}  // namespace kp::storage
