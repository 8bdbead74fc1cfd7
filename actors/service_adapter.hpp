#pragma once

#include "actors/caf.hpp"
#include "actors/service_port.hpp"
#include "actors/tenants_messages.hpp"

namespace kp::actors {

struct service_adapter_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<service_port> port;
  caf::actor router;
  caf::actor writer;
  caf::actor_addr organisation = {};         // receives expiry_changed
  std::chrono::milliseconds first_poll{0};   // staggers the organisations
  working_mode mode = working_mode::normal;  // it begins in
};

// Connects one organisation to one message service through its port: sends
// (actors/outbox_sender.hpp), follows what was sent (actors/status_follower.hpp) and receives
// (actors/inbound_poller.hpp), the two latter where port_rules say so. Understands outbox_changed,
// settings_changed, work_as, are_you_idle.
caf::behavior service_adapter(caf::event_based_actor* self, service_adapter_args args);

}  // namespace kp::actors
