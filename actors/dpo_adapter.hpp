#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/tenants_messages.hpp"
#include "actors/upstream.hpp"

namespace kp::actors {

class dpo_transport;   // what the adapter asks of the network (actors/dpo_transport.hpp)

struct dpo_adapter_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<dpo_transport> transport;
  caf::actor router;
  caf::actor writer;
  std::chrono::milliseconds first_poll{0};   // staggers the organisations
  working_mode mode = working_mode::normal;  // it begins in
};

// Connects one organisation to DPO: claims due items of its outbox and sends them, ten at a time
// (dpo.md 4.4), polls for arrivals for all channels at once (5.1), recovers downloads that were never
// confirmed (5.4). Understands outbox_changed, settings_changed, work_as, are_you_idle.
caf::behavior dpo_adapter(caf::event_based_actor* self, dpo_adapter_args args);

// The real network.
std::shared_ptr<dpo_transport> make_dpo_transport(std::shared_ptr<organisation_context> context,
                                                  std::shared_ptr<upstream> clients);

}  // namespace kp::actors
