#include "tools/import/installation.hpp"

#include "config/text.hpp"
#include "tenants/connected_services.hpp"

#include <fmt/format.h>

namespace kp::importer {

namespace {

std::string with_number(std::string_view usual, const std::string& number) {
  std::string out(usual);
  for (auto at = out.find("{org}"); at != std::string::npos; at = out.find("{org}"))
    out.replace(at, 5, number);
  return out;
}

std::string without_spaces(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

bool is_usual(const installation::entry& one, environment_preset where, const std::string& number) {
  const auto usual = usual_value(*one.known, where);
  if (usual.empty()) return trim(one.value).empty();
  auto given = trim(one.value);
  if (given.ends_with('/') && !usual.ends_with('/')) given.remove_suffix(1);
  return equals_ignoring_case(without_spaces(given), without_spaces(with_number(usual, number)));
}

// Its value is the default of the other environment.
bool is_of_other_environment(const known_property& known, std::string_view value,
                             environment_preset where) {
  const auto other =
      where == environment_preset::test ? environment_preset::production : environment_preset::test;
  return !known.test_usual.empty() && equals_ignoring_case(trim(value), usual_value(known, other));
}

}  // namespace

void report_rest(installation& from, const std::set<service>& enabled, environment_preset where,
                 const std::string& number, findings& report) {
  for (const auto& [plain, one] : from.entries()) {
    if (one.used || one.broken || one.is_variable) continue;
    const auto say = [&](kind is, std::string why, std::string todo) {
      report.add(
          {is, one.where, one.name, shown(one.name, one.value), std::move(why), std::move(todo)});
    };
    if (!one.known) {
      const auto meant = nearest_property(one.name);
      say(kind::problem, "the Java installation knows no such property",
          meant ? fmt::format("Did you mean {}?", *meant)
                : "Remove it, or drop it with --drop if a program of your own uses it.");
      continue;
    }
    const auto& known = *one.known;
    if (is_usual(one, where, number) || trim(one.value).empty()) continue;
    if (known.of != service::unknown && !enabled.contains(known.of)) {
      say(kind::left_out, fmt::format("{} is off in this installation", to_string(known.of)), "");
    } else if (is_of_other_environment(known, one.value, where)) {
      say(kind::problem,
          fmt::format("it belongs to the {} environment",
                      where == environment_preset::test ? "production" : "test"),
          "Say --environment production or test, as the installation's profile has it.");
    } else if (known.becomes == fate::not_used) {
      say(kind::left_out, "", std::string(known.advice));
    } else if (known.becomes == fate::hub) {
      say(kind::left_out, "a setting of the whole hub", std::string(known.advice));
    } else if (known.of != service::unknown && !tenants::is_connected(known.of)) {
      // The toggle of the service is the problem; it is said once.
      say(kind::left_out,
          fmt::format("this version of the hub does not connect {}", to_string(known.of)),
          "Keep it for later.");
    } else {
      say(kind::problem, "the hub has no setting for it",
          std::string(known.advice) + " Drop it with --drop when you can do without.");
    }
  }
}

}  // namespace kp::importer
