#include "tools/crash/model.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace kp::crash {

std::string mark_of(std::size_t from, std::size_t to) {
  return fmt::format("{}{}{}", mark_begin, from + 1, to + 1);
}

std::optional<std::string> foreign_mark(std::string_view bytes, std::size_t organisation) {
  const auto own = static_cast<char>('1' + organisation);
  for (auto at = bytes.find(mark_begin); at != std::string_view::npos;
       at = bytes.find(mark_begin, at + 1)) {
    const auto parties = bytes.substr(at + mark_begin.size(), 2);
    if (parties.find(own) == std::string_view::npos)
      return std::string(bytes.substr(at, mark_begin.size() + 2));
  }
  return std::nullopt;
}

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

}  // namespace kp::crash
