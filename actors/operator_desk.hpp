#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/operator_messages.hpp"
#include "actors/tenants_messages.hpp"

namespace kp::actors {

struct operator_desk_args {
  std::shared_ptr<organisation_context> context;
  caf::actor organisation;  // hears pause_changed, outbox_changed
  caf::actor writer;
};

// Carries out what operators want of one organisation's services and queued messages. Understands
// pause_service, order_message, settings_changed.
caf::behavior operator_desk(caf::event_based_actor* self, operator_desk_args args);

}  // namespace kp::actors
