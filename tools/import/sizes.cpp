#include "tools/import/sizes.hpp"

#include "config/setting_kinds.hpp"
#include "config/text.hpp"

#include <charconv>
#include <utility>

namespace kp::importer {

std::optional<std::uint64_t> size_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc{}) return std::nullopt;
  const auto unit = trim(std::string_view(stopped, static_cast<std::size_t>(end - stopped)));
  for (const auto& [name, shift] :
       {std::pair{"", 0}, {"B", 0}, {"KB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}})
    if (equals_ignoring_case(unit, name))
      return number > (UINT64_MAX >> shift) ? std::nullopt : std::optional(number << shift);
  return std::nullopt;
}

std::string as_size(std::uint64_t bytes) {
  return size_kind{}.show(bytes);
}

}  // namespace kp::importer
