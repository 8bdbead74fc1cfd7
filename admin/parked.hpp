#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

namespace kp::admin {

// /admin/organisations/{}/parked: deliveries of KS FIKS IO that are no messages, with their headers
// and the reason; the bytes of one (…/{id}/content); and DELETE …/{id}, when it has been dealt
// with.
void add_parked(routes& all, const actors::hub_parts& hub);

}  // namespace kp::admin
