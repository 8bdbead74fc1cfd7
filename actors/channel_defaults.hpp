#pragma once

#include "actors/channel_decision.hpp"
#include "protocol/registry/registry.hpp"
#include "protocol/sbd/document.hpp"

namespace kp::actors {

// Where a document goes: the service, and the registry's record of the receiver when it was asked.
struct destination {
  service via = service::unknown;
  std::optional<registry::service_record> record{};
};

// Step 8 of create: everything that is missing is filled in (rest-api.md 4.4, from no. 2).
void set_defaults(sbd::document&, const destination&, const channel_place&);

}  // namespace kp::actors
