#include "actors/organisation_channels.hpp"

#include "actors/tenants_messages.hpp"

#include <algorithm>

namespace kp::actors {

organisation_channels::organisation_channels(caf::event_based_actor* self, nursery& children,
                                             caf::actor gateway, how_to_make how)
    : self_(self),
      children_(children),
      gateway_(std::move(gateway)),
      how_to_make_(std::move(how)) {}

void organisation_channels::follow(std::shared_ptr<const organisation_context> now) {
  context_ = std::move(now);
  for (const auto& [name, number] : context_->numbers) {
    if (!served(name)) continue;
    if (const auto found = running_.find(number); found != running_.end())
      announce(name, children_[found->second]);
    else if (has_locks(number))
      make(number);
    else
      announce(name, {});
  }
}

caf::actor organisation_channels::open(const channel_name& name) {
  if (!context_ || !served(name)) return {};
  const auto known = context_->numbers.find(name);
  return known == context_->numbers.end() ? caf::actor() : make(known->second);
}

void organisation_channels::left(const seat_left& gone) {
  if (!context_ || served(gone.channel)) return;
  at_gateway_.erase(gone.channel);
  const auto its = std::ranges::find_if(
      running_, [&](const auto& each) { return children_[each.second] == gone.seat; });
  if (its == running_.end() || name_of(its->first)) return;
  children_.end(its->second);
  running_.erase(its);
}

bool organisation_channels::served(const channel_name& name) const {
  const auto* channel = context_->settings->find(name);
  return channel && !channel->external;
}

void organisation_channels::start_anew() const {
  for (const auto& [number, index] : running_)
    if (const auto& child = children_[index]) self_->send_exit(child, caf::exit_reason::kill);
}

void organisation_channels::announce(const channel_name& name, const caf::actor& child) {
  at_gateway_.insert(name);
  self_->send(gateway_,
              seat_opened{context_->id(), name, child, caf::actor_cast<caf::actor_addr>(self_)});
}

// What cannot be read may be one.
bool organisation_channels::has_locks(channel_number number) const {
  const auto next = context_->inbox.next_lock_expiry(number);
  return !next || *next;
}

caf::actor organisation_channels::make(channel_number number) {
  auto found = running_.find(number);
  if (found == running_.end()) {
    const auto called = name_of(number);
    const auto index = children_.add("channel " + (called ? called->to_string() : std::string()),
                                     how_to_make_(number), [this, number](const caf::actor& child) {
                                       if (const auto name = name_of(number))
                                         announce(*name, child);
                                     });
    found = running_.emplace(number, index).first;
  }
  return children_[found->second];
}

std::optional<channel_name> organisation_channels::name_of(channel_number number) const {
  for (const auto& [name, its] : context_->numbers)
    if (its == number && served(name)) return name;
  return std::nullopt;
}

}  // namespace kp::actors
