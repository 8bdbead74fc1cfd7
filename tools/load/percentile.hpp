#pragma once

#include <chrono>
#include <vector>

namespace kp::load {

// Below which `share` (0 to 1) of the durations lie, in milliseconds; 0 for none. `sorted`
// ascending.
inline double milliseconds(const std::vector<std::chrono::microseconds>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[at].count()) / 1000.0;
}

}  // namespace kp::load
