#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

namespace kp::admin {

// /admin/organisations/{}/messages: what is queued and what failed; retry, park, unpark and delete.
// Changes are answered when they are durable.
void add_messages(routes& all, const actors::hub_parts& hub);

}  // namespace kp::admin
