#pragma once

#include "config/clock.hpp"

#include <algorithm>
#include <chrono>

namespace kp::actors {

// How often an organisation is asked after at a national service: at its usual interval while
// messages come or go, and ever more seldom when nothing has for long, so that thousands of quiet
// organisations cost next to nothing. A message waits at most a tenth of the silence before it.
class poll_pace {
 public:
  static constexpr int parts_of_silence = 10;

  // The silence before the hub's start is not known: it begins now.
  explicit poll_pace(time_point now) : last_(now) {}

  // A message came, or one went, to which an answer may come.
  void stirred(time_point now) { last_ = std::max(last_, now); }

  // From one search to the next. `quiet` is the longest; not above `usual`: always the usual one.
  std::chrono::microseconds pause(time_point now, std::chrono::microseconds usual,
                                  std::chrono::microseconds quiet) const {
    return std::clamp((now - last_) / parts_of_silence, usual, std::max(usual, quiet));
  }

 private:
  time_point last_;
};

}  // namespace kp::actors
