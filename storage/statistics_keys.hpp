#pragma once

#include "storage/keys.hpp"

#include <cstdint>

namespace kp::storage {

// What stands under record_kind::statistics of hub_itself. These numbers are on disk: never change
// or reuse one.
enum class statistics_part : std::uint8_t {
  mark = 1,            // sequence u64 -> nothing
  counted = 2,         // -> sequence u64 of the mark up to which the totals go
  alert = 3,           // sequence u64 -> alert (storage/alerts.hpp)
  silence = 4,         // organisation u32 | service u8 -> hour u32 since when nothing is delivered
  alert_progress = 5,  // name of a target -> sequence u64 of the last alert that it got
};

inline key_builder hub_key(statistics_part part) {
  return key_builder(hub_itself, record_kind::statistics).u8(static_cast<std::uint8_t>(part));
}

}  // namespace kp::storage
