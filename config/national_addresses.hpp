#pragma once

#include "config/hub_settings.hpp"

namespace kp {

// The addresses of an environment before anything is overridden. `sandbox` is kp-sandbox on this
// machine.
national_addresses addresses_of(environment_preset);

}  // namespace kp
