#pragma once

#include "actors/dpo_transport.hpp"
#include "actors/service_adapter.hpp"
#include "actors/upstream.hpp"

namespace kp::actors {

// Connects one organisation to DPO: sends as every adapter does (dpo.md 4.4), polls for arrivals
// for all channels at once (5.1), recovers downloads that were never confirmed (5.4). The port is a
// dpo_transport. Understands outbox_changed, settings_changed, work_as, are_you_idle.
caf::behavior dpo_adapter(caf::event_based_actor* self, service_adapter_args args);

// The real network.
std::shared_ptr<dpo_transport> make_dpo_transport(std::shared_ptr<organisation_context> context,
                                                  std::shared_ptr<upstream> clients);

}  // namespace kp::actors
