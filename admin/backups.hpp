#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

namespace kp::admin {

// /admin/backups: POST begins a backup of the running store into a folder of the hub's machine,
// GET tells how far it is and how it ended. One at a time, on a thread of its own.
void add_backups(routes& all, const actors::hub_parts& hub);

}  // namespace kp::admin
