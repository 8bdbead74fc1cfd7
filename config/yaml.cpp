#include "config/yaml.hpp"

#include "config/text.hpp"
#include "config/yaml_node.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kp {

using node = yaml_value::node;

namespace {

std::string_view noun(node::kind kind) {
  switch (kind) {
    case node::kind::nothing:
      return "nothing";
    case node::kind::scalar:
      return "a single value";
    case node::kind::list:
      return "a list";
    case node::kind::map:
      return "keys with values";
  }
  return "something else";
}

// Optimal string alignment: a swap of two neighbours counts one.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

bool yaml_value::is_scalar() const {
  return node_->is == node::kind::scalar || node_->is == node::kind::nothing;
}
bool yaml_value::is_nothing() const {
  return node_->is == node::kind::nothing;
}
bool yaml_value::is_list() const {
  return node_->is == node::kind::list;
}
bool yaml_value::is_map() const {
  return node_->is == node::kind::map;
}

std::string yaml_value::text() const {
  return std::string(trim(node_->text));
}

source_position yaml_value::where() const {
  return node_->where();
}

std::vector<yaml_value> yaml_value::items() const {
  std::vector<yaml_value> all;
  all.reserve(node_->items.size());
  for (const auto& item : node_->items) all.emplace_back(item);
  return all;
}

yaml_map yaml_value::as_map(std::vector<problem>& problems, std::string_view what) const {
  if (is_map()) return {node_, problems};
  if (!is_nothing())
    problems.push_back(
        {where(),
         fmt::format("{} must have keys of its own, but here is {}", what, noun(node_->is)),
         "Write its keys on the lines below it, indented."});
  auto empty = std::make_shared<node>(*node_);
  empty->is = node::kind::map;
  empty->entries.clear();
  return {std::move(empty), problems};
}

yaml_map::yaml_map(std::shared_ptr<const node> of, std::vector<problem>& problems)
    : node_(std::move(of)), problems_(problems) {}

std::optional<yaml_value> yaml_map::find(std::string_view key) {
  known_.emplace(key);
  for (const auto& entry : node_->entries)
    if (entry.key == key) return yaml_value(entry.value);
  return std::nullopt;
}

source_position yaml_map::where() const {
  return node_->where();
}

source_position yaml_map::where(std::string_view key) const {
  for (const auto& entry : node_->entries)
    if (entry.key == key) return {*node_->file, entry.line, entry.column};
  return where();
}

std::vector<std::string> yaml_map::keys() const {
  std::vector<std::string> all;
  all.reserve(node_->entries.size());
  for (const auto& entry : node_->entries) all.push_back(entry.key);
  return all;
}

void yaml_map::report_unknown_keys(std::string_view what) {
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto& entry : node_->entries) {
    if (known_.contains(entry.key)) continue;
    const auto meant = nearest(entry.key, known);
    problems_.push_back(
        {{*node_->file, entry.line, entry.column},
         fmt::format("{} has no key {}", what, in_quotes(entry.key)),
         meant ? fmt::format("Did you mean \"{}\"?", *meant)
               : fmt::format("Remove it; the keys here are {}.", fmt::join(known, ", "))});
  }
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string out = "\"";
  out += text.substr(0, longest);
  // Do not end in the middle of a UTF-8 character.
  if (text.size() > longest) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    if (static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
    out += "…";
  }
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return out + "\"";
}

std::optional<std::string> nearest(std::string_view given, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  std::size_t best_distance = given.size() / 3;
  const auto folded = to_lower(given);
  for (const auto& candidate : known) {
    const auto longer = std::max(given.size(), candidate.size());
    const auto shorter = std::min(given.size(), candidate.size());
    if (longer - shorter > best_distance) continue;
    const auto distance = edit_distance(folded, to_lower(candidate));
    if (distance < best_distance || (distance == best_distance && !best)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace kp
