#pragma once

#include "tools/crash/plan.hpp"

#include <cstdint>
#include <filesystem>

namespace kp::crash {

struct run_options {
  std::filesystem::path program;  // knutepunkt
  std::uint64_t seed = 0;
  unsigned kills = 10;
  bool faults = false;           // of the national services, too
  unsigned longest = 24 * 3600;  // seconds
};

// The whole run: rounds of letters with a kill in each, until everything has settled, and what is
// left then. Returns the exit code.
int run(const run_options&);

}  // namespace kp::crash
