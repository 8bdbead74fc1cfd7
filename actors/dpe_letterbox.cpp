#include "actors/dpe_letterbox.hpp"

#include <algorithm>

namespace kp::actors {

void dpe_letterbox::put(held one) {
  const auto id = one.lock.message_id;
  held_.insert_or_assign(id, std::move(one));
}

dpe_letterbox::held* dpe_letterbox::find(const std::string& id) {
  const auto found = held_.find(id);
  return found == held_.end() ? nullptr : &found->second;
}

std::vector<dpe::locked_message> dpe_letterbox::let_go(clock::time_point now) {
  std::vector<dpe::locked_message> gone;
  std::erase_if(held_, [&](const auto& each) {
    const auto age = now - each.second.since;
    const bool over = age >= longest || (!each.second.asked_for && age >= unasked);
    if (over) gone.push_back(each.second.lock);
    return over;
  });
  return gone;
}

std::vector<dpe::locked_message> dpe_letterbox::locks() const {
  std::vector<dpe::locked_message> all;
  for (const auto& [id, each] : held_) all.push_back(each.lock);
  return all;
}

std::vector<waiting> dpe_letterbox::list() const {
  auto all = locks();
  // Numbers without leading zeros: the longer one is the larger.
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    const auto &x = a.sequence_number, &y = b.sequence_number;
    return x.size() != y.size() ? x.size() < y.size() : x < y;
  });
  std::vector<waiting> out;
  for (const auto& each : all) out.push_back({each.message_id, {}, {}, each.lock_token});
  return out;
}

}  // namespace kp::actors
