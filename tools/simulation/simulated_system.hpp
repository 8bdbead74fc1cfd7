#pragma once

#include "actors/caf.hpp"
#include "config/clock.hpp"

#include <caf/scheduler/test_coordinator.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace kp::simulation {

// Actors without threads: time and turns are in the hand of its owner, and both clocks move
// together.
class simulated_system {
 public:
  simulated_system() : simulated_system(nullptr) {}
  // On a clock that outlives it, for systems that follow each other.
  explicit simulated_system(manual_clock& time) : simulated_system(&time) {}
  ~simulated_system() {
    for (auto& actor : spawned_) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    spawned_.clear();
    run();
    // What was planned for later holds its actor until it is due.
    for (int i = 0; i < 1000 && turns().has_pending_timeout(); ++i) {
      turns().trigger_timeouts();
      run();
    }
  }
  simulated_system(const simulated_system&) = delete;
  simulated_system& operator=(const simulated_system&) = delete;

  static time_point start() { return time_point(std::chrono::seconds(1'772'000'000)); }

  caf::actor_system& actors() { return system_; }
  manual_clock& time() { return *time_; }

  template <class Behaviour, class... Args>
  caf::actor spawn(Behaviour behaviour, Args&&... args) {
    spawned_.push_back(system_.spawn(behaviour, std::forward<Args>(args)...));
    return spawned_.back();
  }
  template <class Behaviour>
  caf::actor spawn_function(Behaviour behaviour) {
    spawned_.push_back(system_.spawn(std::move(behaviour)));
    return spawned_.back();
  }
  void stop(const caf::actor& actor) {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    std::erase(spawned_, actor);
    run();
  }

  void run() {
    while (turns().try_run_once()) {
    }
  }
  // Lets time pass in steps that are short enough for the timers of the hub.
  void pass(std::chrono::microseconds much,
            std::chrono::microseconds step = std::chrono::milliseconds(500)) {
    run();
    while (much.count() > 0) {
      const auto now = std::min(step, much);
      advance(now);
      run();
      much -= now;
    }
  }

  // One turn at a time: how many actors wait for theirs, and giving it to one of them.
  std::size_t ready() { return turns().jobs.size(); }
  void run_one(std::size_t which) {
    auto& waiting = turns().jobs;
    std::rotate(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(which),
                waiting.begin() + static_cast<std::ptrdiff_t>(which) + 1);
    turns().run_once();
  }
  // How long until the next timer of an actor; nullopt when none is set.
  std::optional<std::chrono::microseconds> next_timer() {
    const auto& schedule = turns().clock().schedule();
    if (schedule.empty()) return std::nullopt;
    const auto wait = schedule.begin()->first - turns().clock().now();
    return std::max(std::chrono::ceil<std::chrono::microseconds>(wait),
                    std::chrono::microseconds(0));
  }
  // Timers that are due put their actors among those that are ready; none has a turn.
  void advance(std::chrono::microseconds by) {
    time_->advance(by);
    turns().advance_time(by);
  }

  // Asks and runs until the answer is there; nullopt when none came without time passing.
  template <class Answer, class Message>
  std::optional<Answer> ask(const caf::actor& whom, Message message) {
    auto slot = std::make_shared<std::optional<Answer>>();
    later<Answer>(whom, std::move(message), [slot](const Answer& answer) { *slot = answer; });
    run();
    return *slot;
  }
  // Asks, and calls `then` when the answer comes.
  template <class Answer, class Message>
  void later(const caf::actor& whom, Message message, std::function<void(const Answer&)> then) {
    system_.spawn(
        [whom, message = std::move(message), then = std::move(then)](caf::event_based_actor* self) {
          self->request(whom, caf::infinite, message)
              .then([then](const Answer& answer) { then(answer); }, [](const caf::error&) {});
        });
  }

 private:
  explicit simulated_system(manual_clock* time)
      : system_(tuned(config_)),
        own_time_(time ? nullptr : std::make_unique<manual_clock>(start())),
        time_(time ? time : own_time_.get()) {}
  static caf::actor_system_config& tuned(caf::actor_system_config& config) {
    actors::tune_for_test(config);
    return config;
  }
  caf::scheduler::test_coordinator& turns() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  std::unique_ptr<manual_clock> own_time_;
  manual_clock* time_;
  std::vector<caf::actor> spawned_;
};

}  // namespace kp::simulation
