#include "tools/crash/run.hpp"

#include "tests/tools/system/documents.hpp"
#include "tools/crash/backups.hpp"
#include "tools/crash/checks.hpp"
#include "tools/crash/contents.hpp"
#include "tools/crash/counterparts.hpp"
#include "tools/crash/followers.hpp"
#include "tools/crash/operators.hpp"
#include "tools/crash/reader.hpp"
#include "tools/crash/writer.hpp"

#include <fmt/format.h>

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace kp::crash {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t readers_per_channel = 2;
constexpr std::chrono::seconds until_settled{150}, until_settled_with_faults{400};
constexpr std::chrono::seconds longest_start{60};
constexpr std::size_t findings_to_stop_at = 10;
constexpr std::size_t newest_letters = 200, every_so_many = 20;

class running {
 public:
  running(const run_options& options, place& where) : options_(options), place_(where) {}

  int run() {
    if (!start()) return end(0);
    read();
    const auto rounds = play_all();
    readers_.clear();
    if (!found_.any()) check_rest(place_, model_, found_, calls_);
    return end(rounds);
  }

 private:
  // All rounds, with followers and operators around them; how many there were.
  unsigned play_all() {
    const auto begun = steady_clock::now();
    counterparts answering(place_, model_, found_);
    followers told(place_, found_, calls_);
    operators around(place_, found_, calls_);
    backups copies(place_, found_, calls_);
    unsigned round = 0;
    while (round < options_.kills && found_.count() < findings_to_stop_at &&
           steady_clock::now() - begun < std::chrono::seconds(options_.longest))
      if (!play(++round)) break;
    if (!found_.any() &&
        !test::until([&] { return all_settled(place_, model_, found_, calls_) || found_.any(); },
                     options_.faults ? until_settled_with_faults : until_settled))
      found_.add("settling", "every letter received and its sender told", unsettled());
    if (!found_.any()) told.check(model_);
    if (!found_.any()) around.check();
    fmt::print("{} moves of a seat, {} removals of an organisation, {} backups proved\n",
               around.moves(), around.removals(), copies.proved());
    return round;
  }

  // With a crash point that may already be passed while starting.
  bool start(const std::string& point = {}) {
    auto& hub = place_.hub();
    if (!point.empty() && hub.launch("KP_CRASH_POINT=" + point)) {
      if (hub.until_ready(longest_start)) return true;
      if (!died_at(point)) return false;
    }
    if (hub.launch() && hub.until_ready(longest_start)) return true;
    found_.add("start", "a hub that is ready within a minute", last_of_log());
    return false;
  }

  // The hub has ended: by the point, or it is a finding.
  bool died_at(const std::string& point) {
    if (place_.hub().ended() && place_.hub().signal_of_death() == SIGKILL) {
      ++deaths_[point.substr(0, point.find(':'))];
      return true;
    }
    found_.add("start", "a hub that is ready, or has died at " + point, last_of_log());
    return false;
  }

  std::string last_of_log() {
    auto log = place_.hub().log();
    constexpr std::size_t most = 1500;
    return log.size() > most ? log.substr(log.size() - most) : log;
  }

  void read() {
    for (std::size_t i = 0; i < channels.size(); ++i)
      for (std::size_t k = 0; k < readers_per_channel; ++k)
        readers_.emplace_back([this, i](std::stop_token stop) {
          client by(place_, i, found_, calls_);
          read_letters(by, model_, stop);
        });
  }

  bool play(unsigned round) {
    const auto plan = make_round(options_.seed, round, options_.faults);
    std::vector<std::vector<std::shared_ptr<letter>>> by_channel(channels.size());
    for (std::size_t i = 0; i < plan.letters.size(); ++i) {
      const auto& one = plan.letters[i];
      auto made = make_letter(one, fmt::format("seed {} round {} letter {}, {}", options_.seed,
                                               round, i + 1, to_text(one)));
      model_.letters.push_back(made);
      by_channel[one.from].push_back(std::move(made));
    }
    for (const auto& fault : plan.faults) {
      boost::json::object what{{"endpoint", fault.endpoint},
                               {"kind", fault.kind},
                               {"organisation", organisations[fault.organisation].number},
                               {"count", 1}};
      if (fault.status != 0) what["status"] = fault.status;
      place_.control("POST", "/control/faults", std::move(what));
    }
    const auto calls_before = calls_.load();
    std::atomic<std::size_t> busy = channels.size();
    std::vector<std::jthread> writers;
    for (std::size_t i = 0; i < channels.size(); ++i)
      writers.emplace_back([&, i] {
        client by(place_, i, found_, calls_);
        for (const auto& each : by_channel[i])
          each->plan.incoming ? counterparts::send(place_, model_, each)
                              : write_letter(by, model_, each);
        --busy;
      });
    const bool goes_on = plan.kill.point.empty() ? kill_at_a_moment(plan.kill, calls_before, busy)
                                                 : let_it_die(plan.kill, busy);
    if (!goes_on) return false;
    writers.clear();
    // In a long run, of old letters a part in every round; at the end of all.
    const auto news = model_.letters.size() - std::min(model_.letters.size(), newest_letters);
    check_letters(place_, model_, found_, calls_, [&](std::size_t i) {
      return i >= news || i % every_so_many == round % every_so_many;
    });
    fmt::print("round {}: {} letters, {} calls, {} findings\n", round, model_.letters.size(),
               calls_.load(), found_.count());
    std::fflush(stdout);
    return true;
  }

  bool kill_at_a_moment(const kill_plan& plan, unsigned calls_before,
                        const std::atomic<std::size_t>& busy) {
    while (busy > 0 && calls_ - calls_before < plan.after_calls)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    std::this_thread::sleep_for(plan.pause);
    if (!kill()) return false;
    if (plan.while_starting.count() > 0 && place_.hub().launch()) {
      std::this_thread::sleep_for(plan.while_starting);
      if (!kill()) return false;
    }
    return start();
  }

  bool let_it_die(const kill_plan& plan, const std::atomic<std::size_t>& busy) {
    // What follows from the last call happens in a moment too.
    constexpr std::chrono::milliseconds look{20}, and_then{700};
    const auto point = fmt::format("{}:{}", plan.point, plan.nth);
    std::this_thread::sleep_for(plan.pause);
    if (!kill() || !start(point)) return false;
    while (busy > 0 && !place_.hub().ended(look)) {
    }
    if (place_.hub().ended(and_then)) return died_at(point) && start();
    return kill() && start();  // so that it does not die there later
  }

  bool kill() {
    if (!place_.hub().ended()) {
      place_.hub().kill();
      return true;
    }
    found_.add("before a kill", "a hub that runs", "it had ended by itself: " + last_of_log());
    return false;
  }

  std::string unsettled() {
    std::string text;
    const std::scoped_lock lock(model_.mutex);
    for (const auto& each : model_.letters) {
      if (is_over(*each)) continue;
      text += fmt::format("{} ({}): created {}, sent {}, received {}, held {}, receipted {}, {}\n",
                          each->name, each->id, each->created, each->sent, each->received.load(),
                          each->held, each->receipted,
                          each->statuses.empty() ? "no status" : each->statuses.back());
    }
    return text;
  }

  int end(unsigned rounds) {
    readers_.clear();
    const auto t = count(place_, model_);
    fmt::print(
        "seed {}: {} rounds, {} calls, {} letters ({} received, {} removed), {} transfers ({} sent "
        "again after a kill), {} findings\n",
        options_.seed, rounds, calls_.load(), t.letters, t.received, t.removed, t.transfers,
        t.repeated, found_.count());
    for (const auto& [point, deaths] : deaths_) fmt::print("  {} deaths at {}\n", deaths, point);
    place_.hub().kill();
    return found_.any() ? 1 : 0;
  }

  const run_options& options_;
  place& place_;
  findings found_;
  model model_;
  std::atomic<unsigned> calls_{0};
  std::map<std::string, unsigned> deaths_;  // by crash point
  std::vector<std::jthread> readers_;
};

}  // namespace

int run(const run_options& options) {
  auto name = (std::filesystem::temp_directory_path() / "kp-torture-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    fmt::print(stderr, "torture: no folder can be made in {}\n", name);
    return 2;
  }
  place where(options.program, name);
  if (!where.problem().empty()) {
    fmt::print(stderr, "torture: {}\n", where.problem());
    return 2;
  }
  fmt::print("seed {}, {} kills, folder {}\n", options.seed, options.kills, name);
  std::fflush(stdout);
  const int code = running(options, where).run();
  if (code == 0) {
    std::error_code ignored;
    std::filesystem::remove_all(name, ignored);
  } else {
    fmt::print(
        "the hub's store and log are left in {}; again: tools/torture --kills {} --seed {}\n", name,
        options.kills, options.seed);
  }
  return code;
}

}  // namespace kp::crash
