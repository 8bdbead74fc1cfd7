#pragma once

#include "actors/context.hpp"
#include "actors/tenants_messages.hpp"
#include "actors/webhook_line.hpp"
#include "actors/webhook_messages.hpp"
#include "actors/webhook_transport.hpp"

namespace kp::actors {

struct webhook_dispatcher_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<webhook_means> means;
  caf::actor writer;  // answers commit
  webhook_limits limits = {};
  std::size_t in_flight = 64;  // of the organisation; each subscription may always have one
};

// Tells the subscribers of one organisation's channels what happens (rest-api.md 10), from the
// channels' feeds: at least once, in order per message, again after a restart. One slow or dead
// endpoint holds up only itself (actors/webhook_line.hpp). Understands:
//   webhook_call -> api_answer          rest-api.md 10.1, and the dead letters
caf::behavior webhook_dispatcher(caf::event_based_actor* self, webhook_dispatcher_args args);

}  // namespace kp::actors
