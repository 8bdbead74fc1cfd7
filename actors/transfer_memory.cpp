#include "actors/transfer_memory.hpp"

#include <algorithm>

namespace kp::actors {

std::chrono::seconds transfer_delay(std::uint32_t failures) {
  using std::chrono::minutes;
  if (failures == 0) return minutes(0);
  return std::min(minutes(1) * (1 << std::min(failures - 1, 6u)), minutes(60));
}

transfer_memory::note& transfer_memory::touch(const std::string& id, time_point now) {
  auto& known = notes_[id];
  if (known.first == time_point{}) known.first = now;
  known.touched = now;
  return known;
}

bool transfer_memory::may_look(const std::string& id, time_point now) const {
  if (const auto known = owned.find(id); known != owned.end())
    return !known->second.given_up() && known->second.next <= now;
  const auto known = notes_.find(id);
  return known == notes_.end() || known->second.not_before <= now;
}

bool transfer_memory::may_recover(const std::string& id, time_point now) {
  if (owned.contains(id)) return may_look(id, now);
  const auto& known = touch(id, now);
  return known.first + grace <= now && known.not_before <= now;
}

void transfer_memory::is_foreign(const std::string& id, time_point now) {
  auto& known = touch(id, now);
  known.failures = 0;
  known.not_before = now + foreign_recheck;
}

void transfer_memory::failed(const std::string& id, time_point now) {
  auto& known = touch(id, now);
  known.not_before = now + transfer_delay(++known.failures);
}

void transfer_memory::forget(const std::string& id) {
  owned.erase(id);
  notes_.erase(id);
}

void transfer_memory::tidy(time_point now) {
  std::erase_if(notes_, [&](const auto& entry) {
    return entry.second.touched + note_life < now && entry.second.not_before < now;
  });
  std::erase_if(owned, [&](const auto& entry) {
    return entry.second.given_up() && entry.second.record.first_seen + forget_given_up < now;
  });
  // Only a flood of foreign transfers gets here: what is forgotten is looked at once more.
  while (notes_.size() > max_notes) notes_.erase(notes_.begin());
}

}  // namespace kp::actors
