#pragma once

#include "actors/caf.hpp"
#include "config/clock.hpp"

#include <caf/scheduler/test_coordinator.hpp>

#include <optional>

namespace kp::test {

// Actors without threads: time and turns are in the hand of the test, and both clocks move
// together.
class simulated_system {
 public:
  simulated_system() : system_(tuned(config_)) {}
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
  manual_clock& time() { return time_; }

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
      time_.advance(now);
      turns().advance_time(now);
      run();
      much -= now;
    }
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
  static caf::actor_system_config& tuned(caf::actor_system_config& config) {
    actors::tune_for_test(config);
    return config;
  }
  caf::scheduler::test_coordinator& turns() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  manual_clock time_{start()};
  std::vector<caf::actor> spawned_;
};

}  // namespace kp::test
