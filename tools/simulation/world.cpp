#include "tools/simulation/world.hpp"

#include "tools/simulation/marks.hpp"
#include "tools/simulation/town.hpp"

namespace kp::simulation {

namespace {
using namespace std::chrono_literals;
}

world::world(std::uint64_t seed, bool print) : on(seed, print) {}

void world::start_hub() {
  hub = std::make_unique<hub_life>(on, kept, national, told, ++lives_);
}

std::string world::seat(std::size_t channel) {
  return std::string("channel ") + channels[channel].name;
}

void world::call(std::size_t organisation, std::size_t channel, actors::api_call what,
                 answered then) {
  ask<actors::api_answer>(
      organisation, seat(channel), std::move(what),
      [this, organisation, then = std::move(then)](std::optional<actors::api_answer> answer) {
        if (answer)
          if (const auto mark = foreign_mark(answer->body, organisation))
            on.finding("an answer to {} has mark {}", organisation, *mark);
        then(std::move(answer));
      });
}

void world::run_until(time_point end) {
  while (on.now() < end && on.findings.empty()) step();
}

// One thing happens; when nothing can, time passes until something will.
void world::step() {
  if (on.run_due_plan()) return;
  if (hub && hub->turn()) {
    if (turns_to_crash_ && (*turns_to_crash_)-- == 0) return crash();
    // Work takes time, in which others do something.
    if (on.chance.chance(10)) hub->system().advance(on.chance.between(1us, 2ms));
    return;
  }
  auto wait = std::chrono::microseconds(10min);
  if (const auto plan = on.next_plan()) wait = std::min(wait, *plan - on.now());
  if (const auto timer = hub ? hub->system().next_timer() : std::nullopt)
    wait = std::min(wait, *timer);
  wait = std::max(wait, std::chrono::microseconds(1us));
  if (hub)
    hub->system().advance(wait);
  else
    on.time.advance(wait);
}

void world::crash() {
  turns_to_crash_.reset();
  hub.reset();
  on.after(on.chance.between(100ms, 60s), [this] { start_hub(); });
}

void world::begin_crashes() {
  if (!on.trouble.crashes) return;
  crash_later();
  stop_part_later();
  fail_disk_later();
}

// In the middle of whatever is being done then.
void world::crash_later() {
  on.after(on.chance.between(20s, 6min), [this] {
    if (!on.trouble.crashes) return;
    if (hub) turns_to_crash_ = on.chance.below(60);
    crash_later();
  });
}

void world::stop_part_later() {
  on.after(on.chance.between(5s, 2min), [this] {
    if (!on.trouble.crashes) return;
    if (hub) hub->stop_some_part();
    stop_part_later();
  });
}

// A hub whose disk fails acknowledges nothing more, until somebody starts it again.
void world::fail_disk_later() {
  on.after(on.chance.between(2min, 20min), [this] {
    if (!on.trouble.crashes) return;
    if (hub) {
      on.say("the disk begins to fail");
      hub->fail_disk();
      on.after(on.chance.between(1s, 60s), [this, life = hub->number()] {
        if (hub && hub->number() == life) crash();
      });
    }
    fail_disk_later();
  });
}

}  // namespace kp::simulation
