#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/tenants_messages.hpp"

namespace kp::actors {

struct channel_router_args {
  std::shared_ptr<organisation_context> context;
  caf::actor organisation;   // receives outbox_changed, expiry_changed
  caf::actor writer;
};

// Who receives what in one organisation. Understands:
//   route_reference -> routed           dpo.md 6.3
//   settings_changed
//   arrival         -> arrival_outcome  dpo.md 5.5 and the recommendations of 5.4, 5.5; one commit
//   move_seat       -> seat_moved       actors/seat_messages.hpp
//   show_seats      -> seats_shown
//   count_left_alone -> left_alone_counts
caf::behavior channel_router(caf::event_based_actor* self, channel_router_args args);

}  // namespace kp::actors
