#pragma once

#include "config/ids.hpp"

#include <mutex>
#include <string>
#include <unordered_set>

namespace kp::metrics {

// The bound on labels: the first `most` organisations that are asked for have their number as label
// for as long as the process lives, all later ones share "other". Any thread.
class organisation_labels {
 public:
  static constexpr const char* others = "other";

  explicit organisation_labels(std::size_t most) : most_(most) {}

  std::string of(organisation_id organisation) {
    const std::scoped_lock lock(mutex_);
    if (named_.contains(organisation)) return organisation.to_string();
    if (named_.size() >= most_) return others;
    named_.insert(organisation);
    return organisation.to_string();
  }

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::unordered_set<organisation_id> named_;
};

}  // namespace kp::metrics
