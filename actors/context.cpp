#include "actors/context.hpp"

#include "actors/report_intake.hpp"

namespace kp::actors {

namespace {

storage::status_queue::includes queues_of(const tenants::organisation& settings,
                                          const std::map<channel_name, channel_number>& numbers) {
  storage::status_queue::includes queues;
  for (const auto& [name, number] : numbers)
    if (const auto* channel = settings.find(name); channel && !channel->status_queue.empty())
      queues.emplace(number, channel->status_queue);
  return queues;
}

}  // namespace

organisation_context::organisation_context(std::shared_ptr<hub_context> hub_,
                                           std::shared_ptr<const tenants::organisation> settings_,
                                           std::map<channel_name, channel_number> numbers_,
                                           std::shared_ptr<storage::row_ids> ids_,
                                           std::map<channel_number, channel_number> merged_)
    : hub(std::move(hub_)),
      settings(std::move(settings_)),
      numbers(std::move(numbers_)),
      merged(std::move(merged_)),
      ids(std::move(ids_)),
      messages(hub->store, settings->id),
      inbox(hub->store, settings->id),
      conversations(hub->store, settings->id),
      statuses(hub->store, settings->id, queues_of(*settings, numbers),
               hub->reports ? hub->reports->gate_of(settings->id) : nullptr),
      references(hub->store, settings->id),
      feed(hub->store, settings->id) {}

storage::outbox organisation_context::outbox(service via) const {
  return {hub->store, settings->id, via};
}

storage::transfers organisation_context::transfers(service via) const {
  return {hub->store, settings->id, via};
}

const tenants::channel_settings* organisation_context::channel(channel_number number) const {
  const auto today = current(number);
  for (const auto& [name, its] : numbers)
    if (its == today) return settings->find(name);
  return nullptr;
}

channel_number organisation_context::current(channel_number number) const {
  const auto found = merged.find(number);
  return found == merged.end() ? number : found->second;
}

}  // namespace kp::actors
