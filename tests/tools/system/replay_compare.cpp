#include "tests/tools/system/replay_compare.hpp"

#include "config/clock.hpp"
#include "tests/tools/system/town.hpp"

#include <fmt/format.h>

#include <regex>

namespace kp::test {

namespace {

bool is_time(const std::string& member) {
  static const std::set<std::string> times{"timestamp", "lastUpdate", "creationDateAndTime",
                                           "expiry", "createdTs"};
  return times.contains(member);
}

bool same_kind(const json::value& a, const json::value& b) {
  return a.kind() == b.kind() || (a.is_number() && b.is_number());
}

class comparison {
 public:
  explicit comparison(const replay_rules& rules) : rules_(rules) {}

  void compare(const json::value& on_record, const json::value& here, const std::string& path,
               const std::string& member) {
    if (rules_.any.contains(member)) return;
    if (const auto said = rules_.values.find(member); said != rules_.values.end()) {
      if (!here.is_string() || here.as_string() != said->second)
        report(path, said->second, json::serialize(here));
      return;
    }
    if (!same_kind(on_record, here))
      return report(path, json::serialize(on_record), json::serialize(here));
    if (on_record.is_object()) return objects(on_record.as_object(), here.as_object(), path);
    if (on_record.is_array()) return arrays(on_record.as_array(), here.as_array(), path);
    if (is_time(member)) {
      const auto& text = here.as_string();
      if (!parse_timestamp_with_offset(std::string(text)))
        report(path, "a time with its offset", json::serialize(here));
      return;
    }
    const bool by_kind = rules_.shape_only || member == "id" || member == "convId";
    if (!by_kind && on_record != here)
      report(path, json::serialize(on_record), json::serialize(here));
  }

  std::vector<std::string> found;

 private:
  void report(const std::string& path, const std::string& on_record, const std::string& here) {
    found.push_back(fmt::format("{}: {} on record, {} here", path, on_record, here));
  }
  void objects(const json::object& on_record, const json::object& here, const std::string& path) {
    const auto place = [&](std::string_view name) {
      return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
    };
    for (const auto& each : on_record) {
      const std::string name(each.key());
      const auto* other = here.if_contains(name);
      if (rules_.gone.contains(name)) {
        if (other) report(place(name), "nothing any more", json::serialize(*other));
      } else if (!other) {
        if (!rules_.any.contains(name))
          report(place(name), json::serialize(each.value()), "nothing");
      } else {
        compare(each.value(), *other, place(name), name);
      }
    }
    for (const auto& each : here)
      if (const std::string name(each.key());
          !on_record.contains(name) && !rules_.added.contains(name) && !rules_.any.contains(name))
        report(place(each.key()), "nothing", json::serialize(each.value()));
  }
  void arrays(const json::array& on_record, const json::array& here, const std::string& path) {
    if (rules_.shape_only) {
      if (!on_record.empty() && !here.empty()) compare(on_record[0], here[0], path + "[0]", "");
      return;
    }
    if (on_record.size() != here.size())
      report(path, fmt::format("{} elements", on_record.size()),
             fmt::format("{} elements", here.size()));
    for (std::size_t i = 0; i < std::min(on_record.size(), here.size()); ++i)
      compare(on_record[i], here[i], fmt::format("{}[{}]", path, i), "");
  }

  const replay_rules& rules_;
};

}  // namespace

std::vector<std::string> differences(const json::value& on_record, const json::value& here,
                                     const replay_rules& rules) {
  comparison all(rules);
  all.compare(on_record, here, "", "");
  return all.found;
}

std::string for_today(std::string text, std::map<std::string, std::string>& renamed) {
  static const std::regex uuid(
      "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
  std::string out;
  auto from = text.cbegin();
  for (std::sregex_iterator it(text.cbegin(), text.cend(), uuid), end; it != end; ++it) {
    out.append(from, (*it)[0].first);
    out += renamed.try_emplace(it->str(), new_uuid()).first->second;
    from = (*it)[0].second;
  }
  out.append(from, text.cend());
  static const std::regex deadline("(\"expectedResponseDateTime\"\\s*:\\s*)\"[^\"]*\"");
  auto& soon = renamed["a deadline"];
  if (soon.empty()) {
    const auto now =
        std::chrono::time_point_cast<time_point::duration>(std::chrono::system_clock::now());
    soon = format_timestamp(now + std::chrono::hours(1));
  }
  return std::regex_replace(out, deadline, "$1\"" + soon + "\"");
}

}  // namespace kp::test
