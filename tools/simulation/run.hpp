#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kp::simulation {

struct outcome {
  std::vector<std::string> findings;
  std::string trace_hash;
  std::size_t trace_lines = 0;
  std::size_t letters = 0;
};

// One world from one seed, in this thread. The same seed gives the same trace.
outcome run(std::uint64_t seed, bool print_trace);

}  // namespace kp::simulation
