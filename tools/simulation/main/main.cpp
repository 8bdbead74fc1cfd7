#include "config/log.hpp"
#include "tools/simulation/run.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>

namespace {

using clock = std::chrono::steady_clock;

// Prints what was found and how to see it again.
void report(std::uint64_t seed, const kp::simulation::outcome& of) {
  fmt::print("seed {}: {} findings\n", seed, of.findings.size());
  for (const auto& each : of.findings) fmt::print("  {}\n", each);
  fmt::print("  replay: tools/simulate --seeds 1 --seed {} --trace\n", seed);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Runs the actors of a hub in simulated worlds, one per seed: national services and webhook "
      "receivers that lose, delay, double and reorder, hubs that die, all in one thread on a clock "
      "of its own. Exits with 1 when something was lost, doubled or mixed up."};
  std::uint64_t seeds = 100, first = 1;
  bool trace = false, logs = false;
  double seconds = 0;
  app.add_option("--seeds", seeds, "how many worlds")->check(CLI::Range(1, 10'000'000));
  app.add_option("--seed", first, "of the first one; the others follow");
  app.add_option("--seconds", seconds, "begin no world after that many seconds");
  app.add_flag("--trace", trace, "print what happens");
  app.add_flag("--log", logs, "show what the hub logs, on standard error");
  CLI11_PARSE(app, argc, argv);
  if (!logs) kp::set_log_sink([](std::string_view) {});

  const auto begun = clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(clock::now() - begun).count(); };
  std::uint64_t done = 0, bad = 0, letters = 0, lines = 0;
  for (; done < seeds && (seconds <= 0 || passed() < seconds); ++done) {
    const auto outcome = kp::simulation::run(first + done, trace);
    letters += outcome.letters;
    lines += outcome.trace_lines;
    if (outcome.findings.empty()) continue;
    ++bad;
    report(first + done, outcome);
  }
  fmt::print("{} seeds from {}: {} letters, {} events, {} seeds with findings, {:.1f} s\n", done,
             first, letters, lines, bad, passed());
  return bad == 0 ? 0 : 1;
}
