#include "protocol/http/watchdog.hpp"

namespace kp::http {

watchdog::guarded::guarded(std::shared_ptr<watchdog> by) : by_(std::move(by)) {
  index_ = by_->guarded_.size();
  by_->guarded_.push_back(this);
  by_->arm();
}

watchdog::guarded::~guarded() {
  auto& all = by_->guarded_;
  all[index_] = all.back();
  all[index_]->index_ = index_;
  all.pop_back();
}

void watchdog::arm() {
  if (armed_ || guarded_.empty()) return;
  armed_ = true;
  timer_.expires_after(tick_);
  timer_.async_wait([self = weak_from_this()](const boost::system::error_code& failed) {
    const auto alive = self.lock();
    if (!alive) return;
    alive->armed_ = false;
    if (!failed) alive->look();
  });
}

void watchdog::look() {
  const auto now = std::chrono::steady_clock::now();
  for (auto* each : guarded_) {
    if (each->deadline_ > now) continue;
    each->deadline_ = never;
    each->overdue();
  }
  arm();
}

}  // namespace kp::http
