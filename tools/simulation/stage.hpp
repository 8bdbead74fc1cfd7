#pragma once

#include "config/clock.hpp"
#include "tools/simulation/dice.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What everything in a simulated world shares: time, chance, plans, and what has been written down.

namespace kp::simulation {

// How often what goes wrong, in percent of the occasions.
struct troubles {
  unsigned lost = 0;         // requests that never arrive
  unsigned answer_lost = 0;  // what was asked is done, and nobody hears of it
  unsigned refused = 0;      // for good
  unsigned limited = 0;      // 429
  unsigned doubled = 0;      // one parcel becomes two file transfers
  unsigned slow = 0;         // answers that take up to two minutes
  bool crashes = false;      // of the hub and of parts of it
};

class stage {
 public:
  stage(std::uint64_t seed, bool print);
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  time_point now() const { return time.now(); }
  // `what` happens then; what was planned first for a moment happens first.
  void after(std::chrono::microseconds delay, std::function<void()> what);
  std::optional<time_point> next_plan() const;
  // The next plan that is due; false when there is none.
  bool run_due_plan();

  // A line of the trace. The same seed gives the same lines.
  template <class... Args>
  void say(fmt::format_string<Args...> text, Args&&... args) {
    write(fmt::format(text, std::forward<Args>(args)...));
  }
  // Something that must not be.
  template <class... Args>
  void finding(fmt::format_string<Args...> text, Args&&... args) {
    findings.push_back(fmt::format(text, std::forward<Args>(args)...));
    say("FINDING {}", findings.back());
  }
  std::string trace_hash() const { return fmt::format("{:016x}", hash_); }
  std::size_t trace_lines() const { return lines_; }

  manual_clock time;
  dice chance;
  troubles trouble;
  std::vector<std::string> findings;

 private:
  void write(const std::string& line);

  std::map<std::pair<time_point, std::uint64_t>, std::function<void()>> plans_;
  std::uint64_t planned_ = 0;
  bool print_;
  std::uint64_t hash_ = 0xcbf29ce484222325u;  // FNV-1a of all lines
  std::size_t lines_ = 0;
};

}  // namespace kp::simulation
