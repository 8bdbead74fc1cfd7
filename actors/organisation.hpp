#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/tenants_messages.hpp"
#include "actors/upstream.hpp"

namespace kp::actors {

// Tells the gateway who sits where.
struct seat_opened {
  organisation_id organisation;
  channel_name channel;
  caf::actor seat;             // null: at rest, made when its owner is asked
  caf::actor_addr owner = {};  // hears seat_left, answers open_channel
};

struct open_channel {  // -> channel_opened
  channel_name channel;
};
struct channel_opened {
  caf::actor seat;  // null: not served here, or started again in a moment
};

struct organisation_args {
  std::shared_ptr<hub_context> hub;
  std::shared_ptr<const tenants::organisation> settings;
  caf::actor writer;
  caf::actor limiter;
  caf::actor gateway;                       // receives seat_opened
  caf::actor_addr hub_actor = {};           // receives organisation_ended
  std::chrono::milliseconds first_poll{0};  // staggers the organisations
};

// One legal entity: numbers its channels, then starts and supervises its channel router, adapters,
// deadlines, registry desk, webhook dispatcher and channels, and passes between them nudges
// (outbox_changed, expiry_changed) and requests (webhook_call). Understands open_channel, and
// apply_settings, end_organisation (actors/tenants_messages.hpp): what a change of its file does
// not concern runs on.
caf::behavior organisation(caf::event_based_actor* self, organisation_args args);

}  // namespace kp::actors

KP_MESSAGE(kp::actors::seat_opened);
KP_MESSAGE(kp::actors::open_channel);
KP_MESSAGE(kp::actors::channel_opened);
