#pragma once

#include "config/clock.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>

namespace kp::sandbox {

// Broker's gateway: so many calls in any 60 seconds for each Maskinporten client and endpoint
// (dpo.md 3.7).
class rate_limiter {
 public:
  bool on = false;
  std::size_t search_quota = 10;  // search, and details
  std::size_t other_quota = 120;

  // Counts the call, or says how long to wait.
  std::optional<std::chrono::seconds> refuse(const std::string& client, const std::string& endpoint,
                                             std::size_t quota, time_point now) {
    auto& calls = calls_[{client, endpoint}];
    while (!calls.empty() && now - calls.front() >= window) calls.pop_front();
    if (calls.size() < quota) {
      calls.push_back(now);
      return {};
    }
    if (calls.empty()) return window;  // a quota of nothing
    return std::chrono::ceil<std::chrono::seconds>(calls.front() + window - now);
  }
  void clear() { calls_.clear(); }

 private:
  static constexpr std::chrono::seconds window{60};
  std::map<std::pair<std::string, std::string>, std::deque<time_point>> calls_;
};

}  // namespace kp::sandbox
