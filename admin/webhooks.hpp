#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

namespace kp::admin {

// /admin/organisations/{}/webhooks: the subscriptions of an organisation, and how many events each
// has not taken: parked ones are tried again, dead ones are not.
void add_webhooks(routes& all, const actors::hub_parts& hub);

}  // namespace kp::admin
