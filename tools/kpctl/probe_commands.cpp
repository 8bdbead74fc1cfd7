#include "config/hub_settings.hpp"
#include "config/log.hpp"
#include "tenants/loader.hpp"
#include "tools/kpctl/commands.hpp"
#include "tools/kpctl/tables.hpp"
#include "tools/probe/probe.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

namespace kp::ctl {

namespace {

struct options {
  std::string config, number;
};

int run(const options& said, const session& with) {
  const auto variables = process_environment();
  const auto hub = load_hub(said.config, variables);
  if (!hub.settings) {
    for (const auto& problem : hub.problems)
      std::fprintf(stderr, "%s\n", to_string(problem).c_str());
    return fail(said.config + " has problems");
  }
  const auto all = tenants::load_folder(hub.settings->tenants_folder, variables);
  for (const auto& one : all.organisations) {
    if (one->id.to_string() != said.number) continue;
    const auto report = probes::ask(*hub.settings, *one, variables);
    const int shown = with.show(probes::to_json(report), show_probe);
    return report.ready() ? shown : 1;
  }
  for (const auto& problem : all.problems) std::fprintf(stderr, "%s\n", to_string(problem).c_str());
  return fail(fmt::format("{} has no file of an organisation {} that is without problems",
                          hub.settings->tenants_folder, said.number));
}

}  // namespace

void add_probe_command(commands& all) {
  const auto said = std::make_shared<options>();
  auto& made = all.add("probe",
                       "Asks the national services whether an organisation can work, and says what "
                       "is missing. Needs no running hub, but its files.",
                       [said](const session& with) { return run(*said, with); });
  made.add_option("organisation", said->number, "Its number.")->required();
  made.add_option("--config", said->config, "hub.yaml")->required();
}

}  // namespace kp::ctl
