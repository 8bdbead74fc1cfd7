#pragma once

#include "actors/caf.hpp"

namespace kp::actors {

// A function that makes messages to `self` of what is said on other threads. It does not keep the
// actor alive; what comes after its end is dropped.
inline auto mail_to(caf::event_based_actor* self) {
  return [to = caf::actor_cast<caf::actor_addr>(self)](auto message) {
    if (const auto target = caf::actor_cast<caf::actor>(to))
      caf::anon_send(target, std::move(message));
  };
}

}  // namespace kp::actors
