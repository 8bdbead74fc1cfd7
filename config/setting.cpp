#include "config/setting.hpp"

#include <fmt/format.h>

namespace kp {

settings_tree::settings_tree(yaml_map top, std::string what)
    : top_(std::move(top)), what_(std::move(what)) {}

std::optional<yaml_value> settings_tree::find(std::string_view dotted) {
  const auto dot = dotted.rfind('.');
  if (dot == std::string_view::npos) return top_.find(dotted);
  const std::string name(dotted.substr(0, dot));
  for (auto& [known, map] : groups_)
    if (known == name) return map.find(dotted.substr(dot + 1));
  const auto value = find(name);
  if (!value) return std::nullopt;
  groups_.emplace_back(name, value->as_map(problems(), name));
  return groups_.back().second.find(dotted.substr(dot + 1));
}

source_position settings_tree::where(std::string_view dotted) const {
  const auto dot = dotted.rfind('.');
  if (dot == std::string_view::npos) return top_.where(dotted);
  const auto group = dotted.substr(0, dot);
  for (const auto& [known, map] : groups_) {
    if (known != group) continue;
    const auto key = dotted.substr(dot + 1);
    for (const auto& there : map.keys())
      if (there == key) return map.where(key);
  }
  return where(group);
}

void settings_tree::report_unknown_keys() {
  top_.report_unknown_keys(what_);
  for (auto& [name, map] : groups_) map.report_unknown_keys(name);
}

std::string describe(const std::vector<setting_text>& settings) {
  std::string out =
      "| Key | Type | Default | Restart | What it is |\n"
      "|---|---|---|---|---|\n";
  for (const auto& s : settings) {
    auto type = s.range.empty() ? s.type : fmt::format("{}: {}", s.type, s.range);
    const bool in_words = s.fallback.find(' ') != std::string::npos;
    const auto fallback = s.required           ? std::string("required")
                          : s.fallback.empty() ? std::string("none")
                          : in_words           ? s.fallback
                                               : fmt::format("`{}`", s.fallback);
    out += fmt::format("| `{}` | {} | {} | {} | {}{} |\n", s.key, type, fallback,
                       s.restart ? "yes" : "no", s.sentence,
                       s.secret ? " Secret: never shown or logged." : "");
  }
  return out;
}

}  // namespace kp
