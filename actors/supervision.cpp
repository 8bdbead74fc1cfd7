#include "actors/supervision.hpp"

#include <algorithm>
#include <utility>

namespace kp::actors {

nursery::~nursery() {
  for (const auto& c : children_)
    if (c.handle) caf::anon_send_exit(c.handle, caf::exit_reason::user_shutdown);
}

std::size_t nursery::add(std::string name, factory make,
                         std::function<void(const caf::actor&)> started) {
  children_.push_back(
      {std::move(name), std::move(make), std::move(started), {}, 0, {}, false, false});
  launch(children_.back());
  return children_.size() - 1;
}

void nursery::launch(child& c) {
  c.handle = c.make();
  c.since = self_->clock().now();
  self_->monitor(c.handle);
  if (c.started) c.started(c.handle);
}

void nursery::renew(std::size_t index) {
  auto& c = children_[index];
  if (!c.handle) return;  // that is under way
  c.renewed = true;
  self_->send_exit(c.handle, caf::exit_reason::user_shutdown);
}

void nursery::end(std::size_t index) {
  auto& c = children_[index];
  c.ended = true;
  c.make = {};
  c.started = {};
  if (!c.handle) return;
  self_->demonitor(c.handle);
  self_->send_exit(c.handle, caf::exit_reason::user_shutdown);
  c.handle = nullptr;
}

void nursery::on_down(const caf::down_msg& down) {
  if (stopped_) return;
  const auto it = std::ranges::find_if(
      children_, [&](const child& c) { return c.handle && c.handle.address() == down.source; });
  if (it == children_.end()) return;
  if (std::exchange(it->renewed, false)) return launch(*it);
  if (died_) died_();
  if (self_->clock().now() - it->since > healthy_after) it->failures = 0;
  const auto delay = std::min<std::chrono::milliseconds>(
      first_delay * (1u << std::min(it->failures, 16u)), longest_delay);
  ++it->failures;
  log(log_level::error, it->name + " of " + what_ + " stopped and is started again in " +
                            std::to_string(delay.count()) +
                            " ms: " + self_->system().render(down.reason));
  it->handle = nullptr;
  self_->delayed_send(self_, delay,
                      restart_child{static_cast<std::size_t>(it - children_.begin())});
}

void nursery::restart(const restart_child& which) {
  if (stopped_ || which.index >= children_.size() || children_[which.index].handle ||
      children_[which.index].ended)
    return;
  launch(children_[which.index]);
}

void nursery::stop() {
  stopped_ = true;
  for (auto& c : children_) {
    if (c.handle) self_->send_exit(c.handle, caf::exit_reason::user_shutdown);
    c.handle = nullptr;
  }
}

}  // namespace kp::actors
