#pragma once

#include "actors/caf.hpp"

#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>

namespace kp::actors {

// Where the answers of actors to the network thread arrive: one in an actor system, made when it is
// first needed. An answer is taken on the thread of the actor that gives it, so that asking costs
// one message each way and no actor of its own.
class answer_desk : public caf::monitorable_actor {
 public:
  class handle {
   public:
    explicit handle(caf::strong_actor_ptr desk) : desk_(std::move(desk)) {}
    answer_desk* operator->() const {
      return static_cast<answer_desk*>(caf::actor_cast<caf::abstract_actor*>(desk_));
    }

   private:
    caf::strong_actor_ptr desk_;
  };
  static handle of(caf::actor_system& system);

  // Runs once, with the answer or with caf::error when the actor that was asked has stopped. Must
  // neither block nor throw; may move out of the answer.
  using taker = std::function<void(caf::type_erased_tuple& answer)>;

  // Sends `question` to `to`. The number is for forget().
  std::uint64_t ask(const caf::actor& to, caf::message question, taker take);
  // The taker will not be run, unless it is running now.
  void forget(std::uint64_t number);

  explicit answer_desk(caf::actor_config& config);
  using caf::monitorable_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit*) override;

 private:
  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, taker> waiting_;
};

}  // namespace kp::actors
