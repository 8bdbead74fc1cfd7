#pragma once

#include "actors/channel_decision.hpp"
#include "protocol/registry/registry.hpp"

// GET /api/capabilities/{receiverIdentifier} (rest-api.md 5).

namespace kp::actors {

judged<registry::lookup> capabilities_lookup(std::string_view receiver, std::string_view query);
judged<api_answer> capabilities_of(const registry::lookup&, const receiver_answer&);

}  // namespace kp::actors
