#include "actors/registry_notes.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

std::string key_of(const registry::lookup& what) {
  return fmt::format("{}\n{}\n{}", what.identifier, what.process.value_or(""),
                     what.security_level.value_or(0));
}

}  // namespace

bool registry_notes::certificate_is_good(time_point now) const {
  const std::scoped_lock lock(mutex_);
  return now < certificate_until_;
}

void registry_notes::certificate_is_good_until(time_point until) {
  const std::scoped_lock lock(mutex_);
  certificate_until_ = until;
}

std::shared_ptr<const receiver_answer> registry_notes::receiver(const registry::lookup& what,
                                                                time_point now) const {
  const auto key = key_of(what);
  const std::scoped_lock lock(mutex_);
  const auto found = receivers_.find(key);
  return found != receivers_.end() && now < found->second.until ? found->second.answer : nullptr;
}

void registry_notes::keep(const registry::lookup& what, const receiver_answer& answer,
                          time_point now) {
  if (!answer.found || answer.failure || answer.found->stale) return;
  auto kept = std::make_shared<const receiver_answer>(answer);
  auto key = key_of(what);
  const std::scoped_lock lock(mutex_);
  std::erase_if(receivers_, [&](const auto& each) { return each.second.until <= now; });
  if (receivers_.size() >= max_receivers) receivers_.clear();
  receivers_.insert_or_assign(std::move(key), note{std::move(kept), now + receiver_good_for});
}

void registry_notes::forget() {
  const std::scoped_lock lock(mutex_);
  certificate_until_ = {};
  receivers_.clear();
}

}  // namespace kp::actors
