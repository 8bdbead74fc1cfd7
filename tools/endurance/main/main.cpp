#include "tools/endurance/load.hpp"
#include "tools/endurance/samples.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <stdlib.h>

#include <cstdio>
#include <thread>

namespace {

using std::chrono::steady_clock;
namespace fs = std::filesystem;

struct options {
  double minutes = 5;
  double per_second = 20;
};

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

// Samples while the load lasts; what has gone wrong, for people.
std::vector<std::string> watch(kp::crash::place& where, const options& asked) {
  const auto whole = std::chrono::duration_cast<steady_clock::duration>(
      std::chrono::duration<double>(asked.minutes * 60));
  const auto pause = std::clamp<steady_clock::duration>(whole / 60, std::chrono::milliseconds(300),
                                                        std::chrono::seconds(30));
  std::vector<kp::endurance::sample> samples;
  kp::endurance::load work(where, asked.per_second);
  say(kp::endurance::heading());
  for (const auto begun = steady_clock::now(); steady_clock::now() - begun < whole;) {
    std::this_thread::sleep_for(pause);
    if (where.hub().ended()) return {"the hub has ended by itself"};
    if (auto problem = work.problem(); !problem.empty()) return {std::move(problem)};
    auto now = kp::endurance::take_sample(where.hub().pid(), where.folder() / "store");
    now.at = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begun);
    now.finished = work.finished();
    samples.push_back(now);
    if (samples.size() % 6 == 0) say(kp::endurance::to_text(now));
  }
  if (work.finished() == 0) return {"no letter has come to its end"};
  return kp::endurance::judge(samples);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Keeps a hub at work and watches what it uses. Exits with 1 when memory, descriptors, "
      "threads "
      "or disk are not flat by the rule of tools/endurance/samples.hpp."};
  options asked;
  app.add_option("--minutes", asked.minutes, "how long")->check(CLI::Range(0.2, 100'000.0));
  app.add_option("--per-second", asked.per_second, "letters, all channels together")
      ->check(CLI::Range(0.1, 10'000.0));
  CLI11_PARSE(app, argc, argv);

  auto name = (fs::temp_directory_path() / "kp-soak-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    fmt::print(stderr, "soak: no folder can be made in {}\n", name);
    return 2;
  }
  kp::crash::place where(fs::read_symlink("/proc/self/exe").parent_path() / "knutepunkt", name);
  if (where.problem().empty() && !where.hub().start())
    fmt::print(stderr, "soak: the hub does not start; see {}/hub.log\n", name);
  if (!where.problem().empty() || !where.hub().running()) {
    fmt::print(stderr, "soak: {}\n", where.problem());
    return 2;
  }
  const auto found = watch(where, asked);
  where.hub().stop();
  for (const auto& each : found) say("NOT FLAT " + each);
  if (!found.empty()) {
    say("the hub's store and log are left in " + name);
    return 1;
  }
  say("flat");
  std::error_code ignored;
  fs::remove_all(name, ignored);
  return 0;
}
