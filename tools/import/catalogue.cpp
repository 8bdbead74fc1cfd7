#include "tools/import/catalogue.hpp"

#include "config/text.hpp"
#include "config/yaml.hpp"

#include <algorithm>
#include <array>

namespace kp::importer {

namespace {

// Longer names resemble none.
constexpr std::size_t longest_known = 200;

bool is_environment_form(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text) {
    if (separators.find(c) == std::string_view::npos) {
      part += c;
    } else if (!part.empty()) {
      parts.push_back(std::move(part));
      part.clear();
    }
  }
  if (!part.empty()) parts.push_back(std::move(part));
  return parts;
}

std::string joined(std::span<const std::string> elements) {
  std::string all;
  for (const auto& one : elements) all += (all.empty() ? "" : ".") + one;
  return all;
}

using words = std::span<const std::string>;

bool fits(words pattern, words name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == "**") return !name.empty();
  if (name.empty() || (pattern[0] != "*" && pattern[0] != name[0])) return false;
  return fits(pattern.subspan(1), name.subspan(1));
}

// The name that an environment variable stands for: each element of the pattern takes one word of
// it, or several without the lines between, because dashes were written as underscores before.
std::optional<std::vector<std::string>> fits_environment(words pattern, words name) {
  if (pattern.empty() || pattern[0] == "**")
    return name.empty() ? std::optional(std::vector<std::string>{}) : std::nullopt;
  std::string taken;
  for (std::size_t count = 1; count <= name.size(); ++count) {
    taken += name[count - 1];
    const bool wild = pattern[0] == "*";
    if (wild ? count > 1 : !pattern[0].starts_with(taken)) return std::nullopt;
    if (!wild && taken != pattern[0]) continue;
    auto rest = fits_environment(pattern.subspan(1), name.subspan(count));
    if (!rest) return std::nullopt;
    rest->insert(rest->begin(), taken);
    return rest;
  }
  return std::nullopt;
}

struct entry {
  const known_property* known;
  std::vector<std::string> elements;
};

// Families ("spring.**") after single names.
const std::vector<entry>& entries() {
  static const auto all = [] {
    std::vector<entry> made;
    for (const bool families : {false, true})
      for (const auto list : {platform_properties(), service_properties()})
        for (const auto& one : list)
          if (one.name.ends_with("**") == families) made.push_back({&one, elements_of(one.name)});
    return made;
  }();
  return all;
}

}  // namespace

std::string_view usual_value(const known_property& known, environment_preset where) {
  if (where == environment_preset::test && !known.test_usual.empty()) return known.test_usual;
  return known.usual;
}

std::vector<std::string> elements_of(std::string_view name) {
  auto parts = split(name, ".[]");
  for (auto& part : parts) {
    part = to_lower(part);
    std::erase_if(part, [](char c) { return c == '-' || c == '_'; });
  }
  std::erase(parts, "");
  return parts;
}

std::string canonical(std::string_view name) {
  return joined(elements_of(name));
}

recognised recognise(std::string_view name) {
  if (is_environment_form(name)) {
    const auto parts = split(to_lower(name), "_");
    for (const auto& [known, elements] : entries())
      if (const auto made = fits_environment(elements, parts)) return {known, joined(*made), false};
    // Other variables of the environment (PATH) are no mistakes.
    return {nullptr, joined(parts), !name.starts_with("DIFI_")};
  }
  const auto parts = elements_of(name);
  for (const auto& [known, elements] : entries())
    if (fits(elements, parts)) return {known, joined(parts), false};
  return {nullptr, joined(parts), false};
}

std::optional<std::string> nearest_property(std::string_view name) {
  const bool variable = is_environment_form(name);
  std::vector<std::string> known;
  for (const auto& one : entries()) known.push_back(joined(one.elements));
  const auto given = variable ? joined(split(to_lower(name), "_")) : canonical(name);
  if (given.size() > longest_known) return std::nullopt;
  const auto found = nearest(given, known);
  if (!found) return std::nullopt;
  const auto at = std::ranges::find(known, *found) - known.begin();
  return std::string(entries()[static_cast<std::size_t>(at)].known->name);
}

bool is_secret(std::string_view name, std::string_view value) {
  const auto plain = canonical(name);
  const auto last = plain.substr(plain.rfind('.') == std::string::npos ? 0 : plain.rfind('.') + 1);
  for (const auto* word : {"password", "passord", "token", "secret", "pwd"})
    if (last.find(word) != std::string::npos && !last.ends_with("url") && !last.ends_with("uri"))
      return true;
  const auto text = to_lower(value);
  if (text.find("password=") != std::string::npos || text.find("pwd=") != std::string::npos)
    return true;
  const auto scheme = text.find("://");
  if (scheme == std::string::npos) return false;
  const auto authority = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  return authority.find('@') != std::string::npos;
}

std::string shown(std::string_view name, std::string_view value) {
  return is_secret(name, value) ? "****" : std::string(trim(value));
}

}  // namespace kp::importer
