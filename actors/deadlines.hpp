#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/tenants_messages.hpp"

namespace kp::actors {

struct deadlines_args {
  std::shared_ptr<organisation_context> context;
  caf::actor writer;
};

// Puts LEVETID_UTLOPT on every unfinished conversation of one organisation when its time has passed,
// and removes what has expired unread from the inbox (rest-api.md 12.2 rule 8, dpo.md 5.7). Wakes at
// the next expiry, and on expiry_changed. Also keeps its channels from growing
// (actors/channel_upkeep.hpp).
caf::behavior deadlines(caf::event_based_actor* self, deadlines_args args);

}  // namespace kp::actors
