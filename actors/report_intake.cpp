#include "actors/report_intake.hpp"

namespace kp::actors {

report_intake::report_intake(const clock& time, std::uint64_t most_waiting,
                             std::shared_ptr<report_port> port)
    : time_(time), most_waiting_(most_waiting), port_(std::move(port)) {}

std::shared_ptr<storage::report_gate> report_intake::gate_of(organisation_id id) {
  const std::scoped_lock lock(mutex_);
  auto& gate = gates_[id];
  // The gates end with this object, or with the last actor that holds one; what is woken then
  // is of no interest any more.
  if (!gate)
    gate = std::make_shared<storage::report_gate>(time_, most_waiting_, [this, id] { wake(id); });
  return gate;
}

void report_intake::attach(organisation_id id, const std::shared_ptr<upstream>& clients) {
  const std::scoped_lock lock(mutex_);
  clients_[id] = clients;
  woken_.insert(id);
}

std::shared_ptr<upstream> report_intake::clients_of(organisation_id id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second.lock();
}

std::vector<organisation_id> report_intake::take_woken() {
  const std::scoped_lock lock(mutex_);
  std::vector<organisation_id> taken(woken_.begin(), woken_.end());
  woken_.clear();
  return taken;
}

void report_intake::wake_all() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, its] : clients_) woken_.insert(id);
}

void report_intake::wake(organisation_id id) {
  const std::scoped_lock lock(mutex_);
  woken_.insert(id);
}

}  // namespace kp::actors
