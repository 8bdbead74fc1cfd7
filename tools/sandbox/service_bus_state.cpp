#include "tools/sandbox/service_bus_state.hpp"

#include "config/text.hpp"

#include <algorithm>

namespace kp::sandbox {

namespace {

constexpr std::string_view prefix = "nextbestqueue";

std::string without_dashes(std::string uuid) {
  std::erase(uuid, '-');
  return uuid;
}

}  // namespace

service_bus_state::service_bus_state(const directory& known, const sandbox_clock& time,
                                     random_source& random)
    : known_(known), time_(time), random_(random) {
  rotate_key();
}

void service_bus_state::rotate_key() {
  key_ = to_base64(random_.bytes(32));
}

void service_bus_state::declare(std::string_view queue) {
  declared_.insert(to_lower(queue));
}

bool service_bus_state::is_there(std::string_view name) const {
  const auto queue = to_lower(name);
  if (declared_.contains(queue)) return true;
  std::string_view rest = queue;
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  if (rest.size() < 9) return false;
  const auto role = rest.substr(9);
  if (role != "innsyn" && role != "data" && role != "meeting") return false;
  const auto* owner = known_.find(rest.substr(0, 9));
  return owner && owner->services.contains("DPE");
}

bool service_bus_state::is_free(const bus_message& message) const {
  return message.lock.empty() || message.locked_until <= time_.now();
}

// What was delivered in vain too often is set aside.
void service_bus_state::settle(bus_queue& queue) {
  for (auto at = queue.messages.begin(); at != queue.messages.end();) {
    if (!is_free(*at) || at->deliveries < settings.max_deliveries) {
      ++at;
      continue;
    }
    queue.dead.push_back(std::move(*at));
    at = queue.messages.erase(at);
  }
}

service_bus_state::outcome<const bus_message*> service_bus_state::send(const std::string& name,
                                                                       std::string body,
                                                                       std::string content_type) {
  if (!is_there(name)) return std::unexpected(bus_refusal::no_queue);
  if (body.size() > settings.max_bytes) return std::unexpected(bus_refusal::too_large);
  auto& queue = queues_[name];
  if (queue.messages.size() >= max_queue_length || bytes_ + body.size() > max_bus_bytes)
    return std::unexpected(bus_refusal::quota);
  bus_message made;
  made.id = without_dashes(random_.uuid());
  made.sequence = queue.next_sequence++;
  made.enqueued = time_.now();
  made.content_type = std::move(content_type);
  bytes_ += body.size();
  made.body = std::make_shared<const std::string>(std::move(body));
  return &queue.messages.emplace_back(std::move(made));
}

bool service_bus_state::has_free(const std::string& name) {
  const auto queue = queues_.find(name);
  if (queue == queues_.end()) return false;
  settle(queue->second);
  return std::ranges::any_of(queue->second.messages,
                             [this](const auto& each) { return is_free(each); });
}

service_bus_state::outcome<const bus_message*> service_bus_state::receive(const std::string& name) {
  if (!is_there(name)) return std::unexpected(bus_refusal::no_queue);
  auto& queue = queues_[name];
  settle(queue);
  const auto found =
      std::ranges::find_if(queue.messages, [this](const auto& each) { return is_free(each); });
  if (found == queue.messages.end()) return nullptr;
  ++found->deliveries;
  found->lock = random_.uuid();
  found->locked_until = time_.now() + settings.lock;
  return &*found;
}

service_bus_state::outcome<std::deque<bus_message>::iterator> service_bus_state::held(
    const std::string& name, const std::string& id, const std::string& lock) {
  if (!is_there(name)) return std::unexpected(bus_refusal::no_queue);
  auto& messages = queues_[name].messages;
  const auto found = std::ranges::find_if(messages, [&](const auto& each) {
    return (each.id == id || std::to_string(each.sequence) == id) && each.lock == lock &&
           !lock.empty();
  });
  if (found == messages.end() || is_free(*found)) return std::unexpected(bus_refusal::no_lock);
  return found;
}

service_bus_state::outcome<void> service_bus_state::complete(const std::string& queue,
                                                             const std::string& id,
                                                             const std::string& lock) {
  const auto found = held(queue, id, lock);
  if (!found) return std::unexpected(found.error());
  bytes_ -= (*found)->body->size();
  queues_[queue].messages.erase(*found);
  return {};
}

service_bus_state::outcome<void> service_bus_state::unlock(const std::string& queue,
                                                           const std::string& id,
                                                           const std::string& lock) {
  const auto found = held(queue, id, lock);
  if (!found) return std::unexpected(found.error());
  (*found)->lock.clear();
  return {};
}

service_bus_state::outcome<void> service_bus_state::renew(const std::string& queue,
                                                          const std::string& id,
                                                          const std::string& lock) {
  const auto found = held(queue, id, lock);
  if (!found) return std::unexpected(found.error());
  (*found)->locked_until = time_.now() + settings.lock;
  return {};
}

service_bus_state::outcome<void> service_bus_state::set_aside(const std::string& queue,
                                                              const std::string& id,
                                                              const std::string& lock,
                                                              std::string reason) {
  const auto found = held(queue, id, lock);
  if (!found) return std::unexpected(found.error());
  auto& its = queues_[queue];
  (*found)->reason = std::move(reason);
  its.dead.push_back(std::move(**found));
  its.messages.erase(*found);
  return {};
}

std::string service_bus_state::locked_as(const std::string& queue, const std::string& lock) const {
  const auto its = queues_.find(queue);
  if (its == queues_.end()) return {};
  const auto found = std::ranges::find(its->second.messages, lock, &bus_message::lock);
  return found == its->second.messages.end() ? std::string() : found->id;
}

const std::map<std::string, bus_queue, std::less<>>& service_bus_state::queues() {
  for (auto& [name, queue] : queues_) settle(queue);
  return queues_;
}

const bus_message* service_bus_state::find(const std::string& name, std::string_view id) {
  const auto queue = queues_.find(name);
  if (queue == queues_.end()) return nullptr;
  for (const auto* list : {&queue->second.messages})
    for (const auto& each : *list)
      if (id.empty() || each.id == id) return &each;
  for (const auto& each : queue->second.dead)
    if (!id.empty() && each.id == id) return &each;
  return nullptr;
}

}  // namespace kp::sandbox
