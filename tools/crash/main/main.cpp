#include "tools/crash/run.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <filesystem>

int main(int argc, char** argv) {
  CLI::App app{
      "Kills a hub again and again while business systems use it, and holds what it does against "
      "what it has acknowledged. Exits with 1 when something was lost, doubled or mixed up."};
  kp::crash::run_options options;
  options.seed = static_cast<std::uint64_t>(
      std::chrono::system_clock::now().time_since_epoch().count() % 1'000'000);
  bool only_plan = false;
  app.add_option("--kills", options.kills, "rounds, each with a kill")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--seed", options.seed, "of the plan; a new one each time when left out");
  app.add_option("--seconds", options.longest, "begin no round after that many seconds");
  app.add_flag("--faults", options.faults, "let the national services fail, too; takes longer");
  app.add_flag("--plan", only_plan, "print what would be done, and do nothing");
  CLI11_PARSE(app, argc, argv);
  if (only_plan) {
    for (unsigned round = 1; round <= options.kills; ++round)
      fmt::print("round {}\n{}", round,
                 kp::crash::to_text(kp::crash::make_round(options.seed, round, options.faults)));
    return 0;
  }
  options.program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "knutepunkt";
  return kp::crash::run(options);
}
