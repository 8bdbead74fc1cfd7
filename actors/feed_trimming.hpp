#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"

#include <vector>

namespace kp::actors {

struct trim_feeds {};

// Keeps the feeds of an organisation's channels, also of those that are closed, no longer than
// hub_settings::events_keep. A part of the actor `self`, which hands it trim_feeds.
class feed_trimming {
 public:
  feed_trimming(caf::event_based_actor* self, std::shared_ptr<organisation_context> context,
                caf::actor writer);
  // Trims, and has itself called again later.
  void trim_all();

 private:
  void next();

  caf::event_based_actor* self_;
  std::shared_ptr<organisation_context> context_;
  caf::actor writer_;
  std::vector<channel_number> left_;  // to be trimmed in this round
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::trim_feeds);
