#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

namespace kp::admin {

// /admin/organisations: what `kpctl` shows of organisations, their channels, queues and messages.
// Everything here reads; nothing changes.
void add_organisations(routes& all, const actors::hub_parts& hub);

}  // namespace kp::admin
