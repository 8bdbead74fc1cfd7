#pragma once

#include "tools/simulation/simulated_system.hpp"

namespace kp::test {

using simulation::simulated_system;

}  // namespace kp::test
