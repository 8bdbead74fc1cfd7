#include "actors/dpfio_letterbox.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::actors {

void dpfio_letterbox::put(std::uint64_t connection, dpfio::delivery one, clock::time_point now) {
  const ticket with{connection, one.channel, one.tag};
  auto what = dpfio::read_delivery(one);
  // Without an id of its own each delivery is another one.
  auto id = what ? what->id : fmt::format("delivery-{}-{}-{}", connection, one.channel, one.tag);
  if (const auto known = number_.find(id); known != number_.end()) {
    held_.at(known->second).tickets.push_back(with);
    return;
  }
  held fresh{
      id, dpfio::account_of(one.routing_key).value_or(""), std::move(one), std::move(what), {with},
      now};
  number_.emplace(std::move(id), ++last_);
  held_.emplace(last_, std::move(fresh));
}

const dpfio_letterbox::held* dpfio_letterbox::find(const std::string& id) const {
  const auto known = number_.find(id);
  return known == number_.end() ? nullptr : &held_.at(known->second);
}

void dpfio_letterbox::drop(const std::string& id) {
  const auto known = number_.find(id);
  if (known == number_.end()) return;
  held_.erase(known->second);
  number_.erase(known);
}

void dpfio_letterbox::forget(std::uint64_t connection) {
  std::vector<std::string> gone;
  for (auto& [number, each] : held_) {
    std::erase_if(each.tickets, [&](const ticket& t) { return t.connection == connection; });
    if (each.tickets.empty()) gone.push_back(each.id);
  }
  for (const auto& id : gone) drop(id);
}

std::vector<waiting> dpfio_letterbox::list() const {
  std::vector<waiting> all;
  for (const auto& [number, each] : held_) {
    waiting one;
    one.id = each.id;
    one.reference = each.account;
    if (each.what) one.sender = each.what->sender;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace kp::actors
