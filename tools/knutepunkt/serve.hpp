#pragma once

#include "config/hub_settings.hpp"
#include "tenants/loader.hpp"

namespace kp {

// Runs the hub with these settings and organisations until it is told to stop (SIGINT, SIGTERM).
// Returns the exit code of the program. Problems of `tenants` are logged.
int run_hub(const hub_settings& settings, tenants::loaded tenants);

}  // namespace kp
