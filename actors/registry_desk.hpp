#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/registry_notes.hpp"
#include "actors/tenants_messages.hpp"
#include "actors/upstream.hpp"

namespace kp::actors {

struct registry_desk_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<upstream> clients;
  std::shared_ptr<registry_notes> notes = std::make_shared<registry_notes>();
};

// Answers what a channel asks of the Service Registry and of the organisation's own certificate.
// Understands:
//   find_receiver         -> receiver_answer
//   find_letter_types     -> letter_types          of SvarUt; kept for an hour
//   settings_changed
//   check_own_certificate -> certificate_verdict   certificates.md 2: valid now, and its serial
//       number is the one that is published. A registry that does not answer is no reason to
//       refuse: what was last published is checked again when it is back.
// What it finds out it also writes into the notes.
caf::behavior registry_desk(caf::event_based_actor* self, registry_desk_args args);

}  // namespace kp::actors
