#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

namespace kp::admin {

// /admin/organisations/{}/seats: who receives by a service; moving a seat to another channel, and
// giving it back to the one in the organisation's file. Answered when it is durable.
void add_seats(routes& all, const actors::hub_parts& hub);

}  // namespace kp::admin
