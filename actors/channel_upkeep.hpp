#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"

#include <vector>

namespace kp::actors {

struct tend_channels {};

// What keeps an organisation's channels, also those that are closed, from growing: their feeds live
// no longer than hub_settings::events_keep, and answers to marked requests
// (channel_idempotency.hpp) until they expire. A part of the actor `self`, which hands it
// tend_channels.
class channel_upkeep {
 public:
  channel_upkeep(caf::event_based_actor* self, std::shared_ptr<organisation_context> context,
                 caf::actor writer);
  // Looks after all channels, and has itself called again later.
  void tend_all();

 private:
  void next();
  // A portion of what is too old; true when there is more.
  result<bool> collect(storage::batch& changes, channel_number channel) const;
  void complain(const error& why) const;

  caf::event_based_actor* self_;
  std::shared_ptr<organisation_context> context_;
  caf::actor writer_;
  std::vector<channel_number> left_;  // to be looked after in this round
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::tend_channels);
