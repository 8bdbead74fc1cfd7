#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

namespace kp::admin {

// /admin/organisations/{}/services: which are enabled and which are paused; pause and resume, of
// sending, receiving or both. Answered when it is durable.
void add_services(routes& all, const actors::hub_parts& hub);

}  // namespace kp::admin
