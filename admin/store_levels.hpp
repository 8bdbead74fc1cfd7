#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "storage/engine.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace kp::admin {

// How full the queues of one organisation are.
struct queue_levels {
  struct outbox {
    std::uint64_t items = 0;
    std::optional<time_point> oldest;  // when it was queued
  };
  std::map<service, outbox> outboxes;  // those that are not empty
  std::uint64_t waiting = 0;           // received, not locked
  std::uint64_t locked = 0;            // received, locked by a client

  std::uint64_t outgoing() const;
};

// Of each queue at most this many entries are counted, so that looking has a bound.
inline constexpr std::uint64_t most_counted = 100'000;

// Walks the store: for workers.
result<queue_levels> read_levels(const storage::engine& store, organisation_id organisation);
result<std::map<organisation_id, queue_levels>> read_levels(
    const storage::engine& store, const std::vector<organisation_id>& organisations);

}  // namespace kp::admin
