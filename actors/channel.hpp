#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/registry_notes.hpp"
#include "actors/tenants_messages.hpp"

namespace kp::actors {

struct channel_args {
  std::shared_ptr<organisation_context> context;
  channel_number number{};
  caf::actor organisation;  // receives outbox_changed, expiry_changed; answers webhook_call
  caf::actor registry;      // answers find_receiver, check_own_certificate
  caf::actor writer;        // answers commit
  std::shared_ptr<const registry_notes> notes =
      std::make_shared<registry_notes>();  // read before registry is asked
};

// The seat of one business system. Understands:
//   api_call         -> api_answer          rest-api.md 5 to 10; 10 goes to the organisation
//   upload_begin     -> upload_admission    6.3, before the body
//   upload_end       -> api_answer          6.3, after it
//   upload_too_large -> api_answer
//   multipart_send   -> api_answer          6.5
//   settings_changed
// Nothing is answered 2xx before it is durable.
caf::behavior channel(caf::event_based_actor* self, channel_args args);

}  // namespace kp::actors
