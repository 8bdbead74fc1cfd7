#include "tools/crash/model.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace kp::crash {

void findings::add(const std::string& step, const std::string& expected, const std::string& found) {
  constexpr std::size_t most_shown = 2000;
  const std::scoped_lock lock(mutex_);
  ++count_;
  fmt::print("FINDING {}\n  step: {}\n  expected: {}\n  found: {}\n", count_.load(), step, expected,
             found.substr(0, most_shown));
  std::fflush(stdout);
}

std::shared_ptr<letter> model::find(const std::string& id) {
  const std::scoped_lock lock(mutex);
  const auto found = by_id.find(id);
  return found == by_id.end() ? nullptr : found->second;
}

void model::name(const std::shared_ptr<letter>& which, const std::string& id) {
  const std::scoped_lock lock(mutex);
  which->id = id;
  by_id[id] = which;
}

void model::name_arrival(const std::shared_ptr<letter>& which, const std::string& id) {
  const std::scoped_lock lock(mutex);
  which->arrived_as = id;
  by_id[id] = which;
}

}  // namespace kp::crash
