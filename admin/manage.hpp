#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

namespace kp::admin {

// /manage, with the names and shapes that operators' tools know (rest-api.md 13.1): health,
// liveness, readiness, info, metrics, prometheus. What was open and dangerous there (shutdown,
// heapdump, configprops, env, loggers, logfile, …) is not here.
void add_manage(routes& all, const actors::hub_parts& hub);

}  // namespace kp::admin
