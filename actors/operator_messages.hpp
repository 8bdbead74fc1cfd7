#pragma once

#include "actors/caf.hpp"
#include "config/error.hpp"
#include "config/ids.hpp"
#include "storage/operator_marks.hpp"

#include <optional>
#include <string>

// What operators tell an organisation to do. Said to the organisation, which passes it to its
// operator desk. Answers come when it is durable.

namespace kp::actors {

// Halts or resumes a service; what is nullopt stays as it is.
struct pause_service {  // -> service_paused
  service via = service::dpo;
  std::optional<bool> sending, receiving;  // true: paused
  std::string by, reason;
};
struct service_paused {
  storage::service_pause now;
  std::optional<kp::error> failure;
};
// From the desk to its organisation, once it is durable.
struct pause_changed {
  service via = service::dpo;
  storage::service_pause now;
};

enum class message_action {
  retry,   // tries now what waits for a later attempt; unparks
  park,    // nothing of it is tried until retry or unpark, or its lifetime has passed
  unpark,  // as retry, for what is parked
  remove,  // takes it out of the queue; an outgoing message ends with FEIL
};
struct order_message {  // -> message_ordered
  message_action what = message_action::retry;
  message_id message;
  std::string by, reason;
};
struct message_ordered {
  std::size_t items = 0;  // of outboxes, that were changed
  bool known = true;      // false: nothing of it is in a queue
  std::optional<kp::error> failure;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::pause_service);
KP_MESSAGE(kp::actors::service_paused);
KP_MESSAGE(kp::actors::pause_changed);
KP_MESSAGE(kp::actors::order_message);
KP_MESSAGE(kp::actors::message_ordered);
