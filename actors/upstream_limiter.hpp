#pragma once

#include "actors/messages.hpp"
#include "config/hub_settings.hpp"

namespace kp::actors {

struct upstream_limiter_args {
  const clock* time = nullptr;
  std::size_t search_per_minute = 10;      // endpoint "search"
  std::size_t calls_per_minute = 120;      // every other of Broker
  std::size_t correspondence_per_minute = 1200;  // endpoints "correspondence ..."
  std::size_t max_waiting = 20'000;        // per bucket; refused beyond
  std::chrono::seconds max_wait{120};      // refused when the turn would come later
};

// The national rate limits: a token bucket per (client id, endpoint), shared in turns by the
// organisations that wait (dpo.md 3.7). Calls of Correspondence name the whole hub as their client,
// since Altinn tells its callers apart no further. Understands acquire -> acquired, and back_off.
caf::behavior upstream_limiter(caf::event_based_actor* self, upstream_limiter_args args);

}  // namespace kp::actors
