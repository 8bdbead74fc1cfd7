#pragma once

#include "config/clock.hpp"

#include <memory>

namespace kp::sandbox {

// The time of the services: the machine's, moved forward by what tests asked for. Broker can be
// moved alone, so that transfers expire while the tokens of a hub on the real clock stay valid. A
// skew is how wrong their clocks are for as long as it is set, either way.
class sandbox_clock {
 public:
  explicit sandbox_clock(std::shared_ptr<const clock> base) : base_(std::move(base)) {}
  time_point now() const { return base_->now() + all_ + skew_; }
  time_point broker_now() const { return now() + broker_; }
  void advance(std::chrono::seconds by) { all_ += by; }
  void skew(std::chrono::seconds by) { skew_ = by; }
  void advance_broker(std::chrono::seconds by) { broker_ += by; }

 private:
  std::shared_ptr<const clock> base_;
  std::chrono::microseconds all_{0};
  std::chrono::microseconds broker_{0};
  std::chrono::microseconds skew_{0};
};

}  // namespace kp::sandbox
