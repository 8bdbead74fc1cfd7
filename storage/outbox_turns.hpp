#pragma once

#include "storage/repositories.hpp"

namespace kp::storage {

// Adds putting back an item whose turn has not come, until `due`. Unlike outbox::postpone it counts
// no attempt: nothing was tried. Requires the claim's fence.
void put_off(batch& b, const engine& store, organisation_id organisation, service via,
             const outbox::claimed& what, time_point due);

}  // namespace kp::storage
