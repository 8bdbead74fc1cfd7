#include "actors/answer_desk.hpp"

namespace kp::actors {

namespace {

std::mutex making;

}  // namespace

answer_desk::answer_desk(caf::actor_config& config) : caf::monitorable_actor(config) {}

answer_desk::handle answer_desk::of(caf::actor_system& system) {
  const auto name = caf::atom("answers");
  auto known = system.registry().get<caf::strong_actor_ptr>(name);
  if (!known) {
    const std::scoped_lock lock(making);
    known = system.registry().get<caf::strong_actor_ptr>(name);
    if (!known) {
      // Not spawned: it has neither mailbox nor life of its own, and nobody waits for its end.
      caf::actor_config config;
      known = caf::make_actor<answer_desk, caf::strong_actor_ptr>(system.next_actor_id(),
                                                                  system.node(), &system, config);
      system.registry().put(name, known);
    }
  }
  return handle(std::move(known));
}

std::uint64_t answer_desk::ask(const caf::actor& to, caf::message question, taker take) {
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    number = ++last_;
    waiting_.emplace(number, std::move(take));
  }
  const auto request =
      caf::message_id(number).with_category(caf::message_id::normal_message_category);
  to->enqueue(ctrl(), request, std::move(question), nullptr);
  return number;
}

void answer_desk::forget(std::uint64_t number) {
  const std::scoped_lock lock(mutex_);
  waiting_.erase(number);
}

void answer_desk::enqueue(caf::mailbox_element_ptr element, caf::execution_unit*) {
  if (!element->mid.is_response()) return;
  taker take;
  {
    const std::scoped_lock lock(mutex_);
    const auto found =
        waiting_.find(element->mid.integer_value() & caf::message_id::request_id_mask);
    if (found == waiting_.end()) return;  // nobody waits any more
    take = std::move(found->second);
    waiting_.erase(found);
  }
  take(element->content());
}

}  // namespace kp::actors
