#include "actors/gateway_seats.hpp"

#include <utility>

namespace kp::actors {

void open_seat::tell_when_left() const {
  if (!closed || requests > 0) return;
  if (const auto owner = caf::actor_cast<caf::actor>(what.owner))
    caf::anon_send(owner, seat_left{what.channel, what.seat});
}

void gateway_seats::open(const seat_opened& opened) {
  auto& seat = seats_[opened.organisation][opened.channel];
  if (!seat) ++count_;
  // Requests with the one before end there; those with one at rest wait for this one.
  if (seat && (!seat->what.seat || seat->what.seat == opened.seat))
    seat->what = opened;
  else
    seat = std::make_shared<open_seat>(open_seat{opened, 0, false});
  tell_when_open();
}

std::shared_ptr<open_seat> gateway_seats::find(organisation_id organisation,
                                               const channel_name& channel) const {
  const auto its = seats_.find(organisation);
  if (its == seats_.end()) return nullptr;
  const auto seat = its->second.find(channel);
  return seat == its->second.end() ? nullptr : seat->second;
}

void gateway_seats::close_what_is_not_in(const tenants::directory& directory,
                                         organisation_id organisation) {
  const auto its = seats_.find(organisation);
  if (its == seats_.end()) return;
  const auto owner = directory.find(organisation);
  std::erase_if(its->second, [&](const auto& each) {
    const auto* channel = owner ? owner->find(each.first) : nullptr;
    if (channel && !channel->external) return false;
    each.second->closed = true;
    each.second->tell_when_left();
    --count_;
    return true;
  });
  if (its->second.empty()) seats_.erase(its);
}

void gateway_seats::when_open(std::size_t count, std::function<void()> then) {
  expected_ = count;
  all_open_ = std::move(then);
  tell_when_open();
}

void gateway_seats::tell_when_open() {
  if (!all_open_ || count_ < expected_) return;
  const auto tell = std::exchange(all_open_, nullptr);
  tell();
}

}  // namespace kp::actors
