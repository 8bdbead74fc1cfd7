#pragma once

#include "actors/dpfio_letterbox.hpp"

#include <string>

namespace kp::actors {

// Keeps a delivery that is no message, or that cannot be stored as one, with the reason, for an
// operator, who is told by an alert in the same commit (alerts.parked); commits and waits. The same
// delivery is kept once. Worker threads only. Errors: of the disk; transient when too many are kept
// already.
result<void> park_delivery(const organisation_context&, const dpfio_letterbox::held&,
                           const std::string& reason);

}  // namespace kp::actors
