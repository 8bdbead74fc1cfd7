#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"

namespace kp::actors {

struct hub_services_args {
  std::shared_ptr<hub_context> hub;
  caf::actor writer;
};

// What the hub does beside its organisations, for all of them: tells the national status service,
// keeps statistics of what happens to messages, and tells operators of what they should know.
// Starts and supervises the actors for it, each only where it is needed.
caf::behavior hub_services(caf::event_based_actor* self, hub_services_args args);

}  // namespace kp::actors
