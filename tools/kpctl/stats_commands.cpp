#include "protocol/http/url.hpp"
#include "tools/kpctl/commands.hpp"
#include "tools/kpctl/tables.hpp"

#include <CLI/CLI.hpp>

#include <memory>

// What happened, in numbers; and what the national status service is still to be told.

namespace kp::ctl {

namespace {

struct stats_options {
  std::string number, service, from, to, by = "total";
  unsigned hours = 24;
};

order ask_for(const stats_options& said) {
  auto path = "/admin/statistics?by=" + http::encode_component(said.by);
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) path += std::string("&") + name + "=" + http::encode_component(value);
  };
  add("organisation", said.number);
  add("service", said.service);
  add("from", said.from);
  add("to", said.to);
  if (said.from.empty()) add("hours", std::to_string(said.hours));
  return {path};
}

}  // namespace

void add_stats_commands(commands& all) {
  const auto said = std::make_shared<stats_options>();
  auto& stats = all.add(
      "stats", "How many messages got which status.",
      [said](const session& with) { return with.ask_and_show(ask_for(*said), show_statistics); });
  stats.add_option("organisation", said->number, "Its number; without it, all.");
  stats.add_option("--service", said->service, "Of one service only.");
  stats.add_option("--hours", said->hours, "The last so many hours.")->capture_default_str();
  stats.add_option("--from", said->from, "Instead: from then on, 2026-03-01T00:00:00+01:00.");
  stats.add_option("--to", said->to, "Until then; without it, now.");
  stats.add_option("--by", said->by, "hour, day or total.")->capture_default_str();

  const auto number = std::make_shared<std::string>();
  all.add("reports", "What the national status service is still to be told, or has refused.",
          [number](const session& with) {
            return with.ask_and_show({path_of(*number, "/status-reports")}, show_reports);
          })
      .add_option("organisation", *number, "Its number.")
      ->required();
}

}  // namespace kp::ctl
