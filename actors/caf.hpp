#pragma once

// The one door to CAF 0.17: nothing else includes its headers, so that a move to CAF 1.x is
// confined to this file and to the behaviours.

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/all.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>

#include "config/error.hpp"

#include <chrono>
#include <functional>
#include <string>

// Makes a struct a message of this process. Use at global scope.
#define KP_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)

namespace kp::actors {

// The scheduler that suits waiting for others (measured: stealing costs idle processor time and
// wakes late, an unlimited throughput lets two busy actors starve the rest).
inline void tune(caf::actor_system_config& config, std::size_t threads) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", threads);
  config.set("scheduler.max-throughput", std::size_t{50});
}

// CAF's clock and scheduler in the hand of a test.
inline void tune_for_test(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
}

// A promise that always answers: when the last copy goes away unanswered, `fallback` is delivered.
// A plain promise that is dropped tells nobody. Use within the owning actor only.
template <class Answer>
class reply {
 public:
  reply(caf::response_promise promise, Answer fallback)
      : reply(std::move(promise),
              std::function<Answer()>([answer = std::move(fallback)] { return answer; })) {}
  // For a fallback that is worth making only when it is needed. It may run after the actor's state
  // is gone.
  reply(caf::response_promise promise, std::function<Answer()> fallback)
      : state_(std::make_shared<state>(std::move(promise), std::move(fallback))) {}
  void operator()(Answer answer) const {
    if (!state_->promise.pending()) return;
    state_->promise.deliver(std::move(answer));
  }

 private:
  struct state {
    state(caf::response_promise p, std::function<Answer()> f)
        : promise(std::move(p)), fallback(std::move(f)) {}
    ~state() {
      if (promise.pending()) promise.deliver(fallback());
    }
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    caf::response_promise promise;
    std::function<Answer()> fallback;
  };
  std::shared_ptr<state> state_;
};

}  // namespace kp::actors
