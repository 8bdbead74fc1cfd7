#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kp::http {

// Whether a peer keeps up a slowest pace, on average and after a time of grace, while we wait for
// it; the time that we need ourselves is not counted. Else a peer that moves a byte now and then
// would hold its connection for ever.
class pace {
 public:
  using clock = std::chrono::steady_clock;

  pace(std::chrono::milliseconds grace, std::uint64_t bytes_per_second)
      : grace_(grace), left_(grace), bytes_per_second_(bytes_per_second) {}

  // How much longer it may keep us waiting; not positive: it has been too slow.
  std::chrono::milliseconds left() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(left_);
  }
  void waited(clock::duration span) { left_ -= span; }
  void moved(std::uint64_t bytes) {
    if (bytes_per_second_ == 0) return;
    left_ += std::chrono::nanoseconds(bytes * 1'000'000'000 / bytes_per_second_);
    // No credit is saved up: what came fast may not be followed by an hour of drops.
    left_ = std::min(left_, grace_);
  }

 private:
  clock::duration grace_;
  clock::duration left_;
  std::uint64_t bytes_per_second_;
};

}  // namespace kp::http
