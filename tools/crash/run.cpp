#include "tools/crash/run.hpp"

#include "tests/tools/system/documents.hpp"
#include "tools/crash/checks.hpp"
#include "tools/crash/reader.hpp"
#include "tools/crash/writer.hpp"

#include <fmt/format.h>

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace kp::crash {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t readers_per_channel = 2;
constexpr std::chrono::seconds until_settled{150};
constexpr std::size_t findings_to_stop_at = 10;

class running {
 public:
  running(const run_options& options, place& where) : options_(options), place_(where) {}

  int run() {
    const auto begun = steady_clock::now();
    if (!start()) return end(0);
    read();
    unsigned round = 0;
    while (round < options_.kills && found_.count() < findings_to_stop_at &&
           steady_clock::now() - begun < std::chrono::seconds(options_.longest))
      if (!play(++round)) break;
    if (!found_.any() &&
        !test::until([&] { return all_settled(place_, model_, found_, calls_) || found_.any(); },
                     until_settled))
      found_.add("settling", "every letter received and its sender told", unsettled());
    readers_.clear();
    if (!found_.any()) check_rest(place_, model_, found_, calls_);
    return end(round);
  }

 private:
  bool start() {
    if (place_.hub().launch() && place_.hub().until_ready()) return true;
    found_.add("start", "a hub that is ready", last_of_log());
    return false;
  }

  std::string last_of_log() {
    auto log = place_.hub().log();
    constexpr std::size_t most = 1500;
    return log.size() > most ? log.substr(log.size() - most) : log;
  }

  void read() {
    for (std::size_t i = 0; i < channels.size(); ++i)
      for (std::size_t k = 0; channels[i].receives && k < readers_per_channel; ++k)
        readers_.emplace_back([this, i](std::stop_token stop) {
          client by(place_, i, found_, calls_);
          read_letters(by, model_, stop);
        });
  }

  bool play(unsigned round) {
    const auto plan = make_round(options_.seed, round);
    std::vector<std::vector<std::shared_ptr<letter>>> by_channel(channels.size());
    for (std::size_t i = 0; i < plan.letters.size(); ++i) {
      const auto& one = plan.letters[i];
      auto made = make_letter(one, fmt::format("seed {} round {} letter {}, {}", options_.seed,
                                               round, i + 1, to_text(one)));
      model_.letters.push_back(made);
      by_channel[one.from].push_back(std::move(made));
    }
    const auto calls_before = calls_.load();
    std::atomic<std::size_t> busy = channels.size();
    {
      std::vector<std::jthread> writers;
      for (std::size_t i = 0; i < channels.size(); ++i)
        writers.emplace_back([&, i] {
          client by(place_, i, found_, calls_);
          for (const auto& each : by_channel[i]) write_letter(by, model_, each);
          --busy;
        });
      while (busy > 0 && calls_ - calls_before < plan.kill.after_calls)
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      std::this_thread::sleep_for(plan.kill.pause);
      if (!kill_and_start(plan.kill)) return false;
    }
    check_letters(place_, model_, found_, calls_);
    fmt::print("round {}: {} letters, {} calls, {} findings\n", round, model_.letters.size(),
               calls_.load(), found_.count());
    std::fflush(stdout);
    return true;
  }

  bool kill_and_start(const kill_plan& plan) {
    if (const auto how = place_.hub().ended()) {
      found_.add("before the kill", "a hub that runs",
                 fmt::format("it had ended by itself, signal {}: {}", *how, last_of_log()));
      return false;
    }
    place_.hub().kill();
    if (plan.while_starting.count() > 0 && place_.hub().launch()) {
      std::this_thread::sleep_for(plan.while_starting);
      if (!place_.hub().ended()) place_.hub().kill();
    }
    return start();
  }

  std::string unsettled() {
    std::string text;
    const std::scoped_lock lock(model_.mutex);
    for (const auto& each : model_.letters) {
      if (each->removed || (each->received > 0 && each->statuses.size() == 4)) continue;
      text += fmt::format("{} ({}): created {}, sent {}, received {}, held {}, {}\n", each->name,
                          each->id, each->created, each->sent, each->received.load(), each->held,
                          each->statuses.empty() ? "no status" : each->statuses.back());
    }
    return text;
  }

  int end(unsigned rounds) {
    readers_.clear();
    const auto t = count(place_, model_);
    fmt::print(
        "seed {}: {} kills, {} calls, {} letters ({} received, {} removed), {} transfers ({} sent "
        "again after a kill), {} findings\n",
        options_.seed, rounds, calls_.load(), t.letters, t.received, t.removed, t.transfers,
        t.repeated, found_.count());
    place_.hub().kill();
    return found_.any() ? 1 : 0;
  }

  const run_options& options_;
  place& place_;
  findings found_;
  model model_;
  std::atomic<unsigned> calls_{0};
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
