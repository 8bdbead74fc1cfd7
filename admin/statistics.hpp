#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

namespace kp::admin {

// GET /admin/statistics: counts of statuses (storage/statistics.hpp), and
// GET /admin/organisations/{}/status-reports: what the national status service is still to be told.
void add_statistics(routes& all, const actors::hub_parts& hub);

}  // namespace kp::admin
