#include "tools/import/installation.hpp"

#include "config/text.hpp"
#include "config/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kp::importer {

namespace {

constexpr int deepest_placeholder = 16;
constexpr int most_lookups = 1000;                // of one value
constexpr std::size_t longest_value = 64 * 1024;  // after placeholders

std::string_view profile_of(environment_preset where) {
  return where == environment_preset::production ? "production" : "staging";
}

// Documents whose spring.config.activate.on-profile does not name the profile.
std::set<int> inactive_documents(const std::vector<property>& all, std::string_view profile) {
  std::set<int> inactive;
  for (const auto& one : all) {
    if (!canonical(one.name).starts_with("spring.config.activate.onprofile")) continue;
    bool named = false;
    std::string_view rest = one.value;
    while (!rest.empty()) {
      const auto end = rest.find(',');
      named = named || trim(rest.substr(0, end)) == profile;
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
    if (!named) inactive.insert(one.document);
  }
  return inactive;
}

// The end of the placeholder that begins at `start` with "${"; npos when it has none.
std::size_t end_of_placeholder(std::string_view text, std::size_t start) {
  int open = 0;
  for (std::size_t i = start; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") {
      ++open;
      ++i;
    } else if (text[i] == '}' && --open == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

installation::installation(std::string channel, std::string folder, std::vector<property> layers,
                           environment_preset environment, findings& report)
    : channel_(std::move(channel)), folder_(std::move(folder)), environment_(environment) {
  // Documents are counted per file.
  std::map<std::string, std::vector<property>> by_file;
  for (auto& one : layers) {
    if (std::ranges::find(files_, one.where.file) == files_.end()) files_.push_back(one.where.file);
    by_file[one.where.file].push_back(std::move(one));
  }
  for (const auto& file : files_) {
    const auto inactive = inactive_documents(by_file[file], profile_of(environment));
    for (auto& one : by_file[file]) {
      if (inactive.contains(one.document)) continue;
      take(std::move(one), report);
    }
  }
  resolve_all(report);
}

void installation::take(property one, findings& report) {
  auto [known, plain, is_variable] = recognise(one.name);
  if (plain.empty()) return;
  auto& held = entries_[plain];
  if (!held.name.empty() && held.where.file == one.where.file && held.value != one.value)
    report.add({kind::left_out, held.where, held.name, shown(held.name, held.value),
                fmt::format("it stands again in line {}, and the last one counts", one.where.line),
                ""});
  held = {known, std::move(one.name), std::move(one.value), std::move(one.where), is_variable};
}

void installation::resolve_all(findings& report) {
  // Placeholders are resolved from what was written, so that order does not matter.
  std::map<std::string, std::string> resolved;
  for (auto& [plain, one] : entries_) {
    if (one.is_variable || one.value.find("${") == std::string::npos) continue;
    const bool matters =
        one.known && (one.known->becomes == fate::carried || one.known->becomes == fate::missing);
    std::string unknown;
    lookups_ = 0;
    if (auto value = resolve(one.value, 0, unknown)) {
      resolved[plain] = *std::move(value);
      continue;
    }
    if (!matters) continue;  // it is listed as it stands
    one.broken = true;
    report.add({kind::problem, one.where, one.name, shown(one.name, one.value),
                fmt::format("nothing here says what {} is", unknown),
                fmt::format("Add the file that does: --channel {0}=FILE for each file of the "
                            "installation, also one with lines NAME=value of its environment.",
                            channel_)});
  }
  for (auto& [plain, value] : resolved) entries_[plain].value = std::move(value);
}

std::optional<std::string> installation::resolve(std::string_view text, int depth,
                                                 std::string& unknown) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto start = text.find("${", at);
    out += text.substr(at, start - at);
    if (start == std::string_view::npos) break;
    const auto end = end_of_placeholder(text, start);
    if (end == std::string_view::npos) {
      out += text.substr(start);
      break;
    }
    const auto inner = text.substr(start + 2, end - start - 2);
    auto value = lookup(inner, depth + 1, unknown);
    if (!value) return std::nullopt;
    out += *value;
    if (out.size() > longest_value) {
      unknown = "a value this long";
      return std::nullopt;
    }
    at = end + 1;
  }
  return out;
}

// `inner` is NAME or NAME:default; the name may have placeholders itself.
std::optional<std::string> installation::lookup(std::string_view inner, int depth,
                                                std::string& unknown) {
  if (depth > deepest_placeholder || ++lookups_ > most_lookups) {
    unknown = fmt::format("{}, which refers to itself,", in_quotes(inner));
    return std::nullopt;
  }
  std::size_t colon = std::string_view::npos;
  for (std::size_t i = 0; i < inner.size() && colon == std::string_view::npos; ++i) {
    if (inner.substr(i, 2) == "${") {
      const auto end = end_of_placeholder(inner, i);
      if (end == std::string_view::npos) break;
      i = end;
    } else if (inner[i] == ':') {
      colon = i;
    }
  }
  const auto name = resolve(inner.substr(0, colon), depth, unknown);
  if (!name) return std::nullopt;
  const auto [known, plain, is_variable] = recognise(*name);
  if (const auto found = entries_.find(plain); found != entries_.end()) {
    if (!found->second.known) found->second.used = true;
    return resolve(found->second.value, depth, unknown);
  }
  if (colon != std::string_view::npos) return resolve(inner.substr(colon + 1), depth, unknown);
  if (known && !usual_value(*known, environment_).empty() &&
      usual_value(*known, environment_).find('{') == std::string_view::npos)
    return std::string(usual_value(*known, environment_));
  unknown = in_quotes(*name);
  return std::nullopt;
}

const installation::entry* installation::find(std::string_view name) const {
  const auto found = entries_.find(canonical(name));
  return found == entries_.end() || found->second.broken ? nullptr : &found->second;
}

std::optional<std::string> installation::exact(std::string_view name) {
  const auto found = entries_.find(canonical(name));
  if (found == entries_.end()) return std::nullopt;
  found->second.used = true;
  if (found->second.broken || trim(found->second.value).empty()) return std::nullopt;
  return found->second.value;
}

std::optional<std::string> installation::text(std::string_view name) {
  auto value = exact(name);
  if (value) value = std::string(trim(*value));
  return value;
}

bool installation::flag(std::string_view name, bool otherwise) {
  const auto value = text(name);
  if (!value) return otherwise;
  const auto word = to_lower(*value);
  return word == "true" || word == "on" || word == "yes" || word == "1";
}

std::optional<std::int64_t> installation::number(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  std::int64_t made = 0;
  const auto end = value->data() + value->size();
  const auto [stopped, failed] = std::from_chars(value->data(), end, made);
  if (failed != std::errc{} || stopped != end) return std::nullopt;
  return made;
}

std::vector<std::string> installation::list(std::string_view name) {
  std::vector<std::string> all;
  const auto whole = text(name).value_or("");
  for (std::size_t at = 0; at < whole.size();) {
    const auto end = std::min(whole.find(',', at), whole.size());
    if (const auto item = trim(std::string_view(whole).substr(at, end - at)); !item.empty())
      all.emplace_back(item);
    at = end + 1;
  }
  for (const auto& key : keys(fmt::format("{}[*]", name)))
    if (auto item = text(fmt::format("{}[{}]", name, key))) all.push_back(*std::move(item));
  return all;
}

std::vector<std::string> installation::keys(std::string_view pattern) const {
  const auto wanted = elements_of(pattern);
  const auto star = std::ranges::find(wanted, "*") - wanted.begin();
  std::set<std::pair<std::size_t, std::string>> found;  // 2 before 10
  for (const auto& [plain, one] : entries_) {
    const auto elements = elements_of(plain);
    if (elements.size() != wanted.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < wanted.size() && same; ++i)
      same = wanted[i] == "*" || wanted[i] == elements[i];
    if (!same) continue;
    const auto& key = elements[static_cast<std::size_t>(star)];
    found.emplace(key.size(), key);
  }
  std::vector<std::string> all;
  for (const auto& [size, key] : found) all.push_back(key);
  return all;
}

void installation::report(findings& to, kind is, std::string_view name, std::string why,
                          std::string todo) const {
  const auto found = entries_.find(canonical(name));
  if (found != entries_.end()) {
    const auto& one = found->second;
    to.add({is, one.where, one.name, shown(one.name, one.value), std::move(why), std::move(todo)});
  } else {
    to.add({is,
            {files_.empty() ? "" : files_.front(), 0, 0},
            std::string(name),
            "",
            std::move(why),
            std::move(todo)});
  }
}

}  // namespace kp::importer
