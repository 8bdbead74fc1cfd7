#include "tools/simulation/run.hpp"

#include "tools/simulation/checks.hpp"
#include "tools/simulation/clients.hpp"
#include "tools/simulation/town.hpp"

namespace kp::simulation {

namespace {

using namespace std::chrono_literals;

constexpr unsigned letters_per_channel = 4;
constexpr auto longest_calm = 14h;  // the longest pauses of retries are an hour

// Some worlds are kind, some are not.
troubles troubles_of(dice& d) {
  const auto up_to = [&](unsigned most) { return static_cast<unsigned>(d.below(most + 1)); };
  troubles t;
  if (d.chance(10)) return t;
  t.lost = up_to(20);
  t.answer_lost = up_to(20);
  t.limited = up_to(10);
  t.refused = d.chance(50) ? up_to(4) : 0;
  t.doubled = up_to(15);
  t.slow = up_to(25);
  t.crashes = d.chance(85);
  return t;
}

void populate(world& in) {
  for (std::size_t organisation = 0; organisation < organisations.size(); ++organisation) {
    for (std::size_t channel = 0; channel < channels.size(); ++channel) {
      begin_writer(in, organisation, channel, letters_per_channel);
      begin_reader(in, organisation, channel);
      begin_reader(in, organisation, channel);
      begin_watcher(in, organisation, channel);
      begin_hook(in, organisation, channel, 0);
    }
    begin_operator(in, organisation);
  }
  begin_inspector(in);
}

}  // namespace

outcome run(std::uint64_t seed, bool print_trace) {
  world in(seed, print_trace);
  in.on.trouble = troubles_of(in.on.chance);
  in.on.say("lost {} answer lost {} limited {} refused {} doubled {} slow {} crashes {}",
            in.on.trouble.lost, in.on.trouble.answer_lost, in.on.trouble.limited,
            in.on.trouble.refused, in.on.trouble.doubled, in.on.trouble.slow,
            in.on.trouble.crashes);
  in.start_hub();
  populate(in);
  in.begin_crashes();
  in.run_until(in.on.now() + 25min);

  // Then all goes well, until everything that was begun has come to its end.
  in.on.say("calm");
  in.on.trouble = {};
  const auto latest = in.on.now() + longest_calm;
  in.run_until(in.on.now() + 10min);
  while (in.on.findings.empty() && !unsettled(in).empty() && in.on.now() < latest)
    in.run_until(in.on.now() + 10min);
  if (in.on.findings.empty())
    for (const auto& each : unsettled(in)) in.on.finding("after {} hours: {}", 14, each);
  if (in.on.findings.empty()) check_end(in);
  return {in.on.findings, in.on.trace_hash(), in.on.trace_lines(), in.all.letters.size()};
}

}  // namespace kp::simulation
