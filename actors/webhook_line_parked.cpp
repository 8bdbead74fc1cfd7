#include "actors/webhook_line.hpp"

#include <algorithm>

// What a subscriber has not taken: parked, in lanes per message, or dead.

namespace kp::actors {

using storage::webhook_delivery;

void webhook_line::park_followers(const message_id& message, time_point now) {
  if (!lanes_.contains(message)) return;
  for (auto& each : window_) {
    if (each.at != slot::stage::waiting || each.what.message != message) continue;
    each.at = slot::stage::settled;
    each.what.since = each.what.due = now;
    park(each.what);
  }
}

void webhook_line::park(webhook_delivery d) {
  kept_.park(pending_, who_.id, d);
  insert_parked(std::move(d));
}

// Also where it is parked already.
void webhook_line::insert_parked(webhook_delivery d) {
  const auto sequence = d.sequence;
  if (const auto before = parked_.find(sequence); before != parked_.end())
    by_age_.erase({before->second.what.since, sequence});
  by_age_.insert({d.since, sequence});
  auto& its = lanes_[d.message];
  its.sequences.insert(sequence);
  parked_.insert_or_assign(sequence, parked_event{std::move(d)});
  queue_head(its);
}

void webhook_line::remove_parked(std::uint64_t sequence, time_point now) {
  const auto found = parked_.find(sequence);
  const auto its = lanes_.find(found->second.what.message);
  by_age_.erase({found->second.what.since, sequence});
  if (its->second.ready) ready_.erase(*its->second.ready);
  its->second.ready.reset();
  its->second.sequences.erase(sequence);
  parked_.erase(found);
  if (its->second.sequences.empty()) {
    lanes_.erase(its);
    return;
  }
  auto& head = parked_.at(*its->second.sequences.begin()).what;
  if (head.attempts == 0) head.due = now;
  queue_head(its->second);
}

void webhook_line::queue_head(lane& its) {
  if (its.ready) ready_.erase(*its.ready);
  its.ready.reset();
  const auto sequence = *its.sequences.begin();
  const auto any_flies = std::ranges::any_of(
      its.sequences, [&](std::uint64_t each) { return parked_.at(each).flying; });
  if (any_flies) return;
  its.ready = std::pair(parked_.at(sequence).what.due, sequence);
  ready_.insert(*its.ready);
}

void webhook_line::bury(webhook_delivery d, time_point now) {
  d.due = now;
  say(log_level::warning, "a webhook event was given up and is a dead letter now",
      d.message.to_string() + " " + std::string(to_string(d.name)) + ": " + d.last_error);
  kept_.bury(pending_, who_.id, d);
  if (++dead_count_ <= limits_.dead) return;
  const auto oldest = kept_.dead_letters_from(who_.id, oldest_dead_, 1);
  if (!oldest || oldest->empty()) return;
  say(log_level::error, "the oldest dead letter of a webhook was dropped to make room");
  oldest_dead_ = oldest->front().sequence + 1;
  kept_.unbury(pending_, who_.id, oldest->front().sequence);
  --dead_count_;
}

bool webhook_line::too_old(const webhook_delivery& d, time_point now) const {
  return now - d.since >= limits_.give_up_after;
}

result<void> webhook_line::expire(time_point now) {
  std::vector<std::uint64_t> over;
  for (const auto& [since, sequence] : by_age_) {
    if (now - since < limits_.give_up_after) break;
    if (!parked_.at(sequence).flying) over.push_back(sequence);
  }
  for (const auto sequence : over) {
    auto what = parked_.at(sequence).what;
    remove_parked(sequence, now);
    kept_.unpark(pending_, who_.id, sequence);
    bury(std::move(what), now);
  }
  // What flows is tried once, however old it is; what does not flow must not pile up in the feed.
  while (progress_.paused || circuit_open()) {
    KP_CHECK(fill(now));
    bool any = false;
    for (auto& each : window_) {
      if (each.at != slot::stage::waiting || !too_old(each.what, now)) continue;
      each.at = slot::stage::settled;
      each.what.last_error =
          "not tried: " + (progress_.paused ? progress_.why_paused : std::string("endpoint fails"));
      bury(each.what, now);
      any = true;
    }
    if (!any) break;
    drop_settled();
  }
  return {};
}

webhook_delivery webhook_line::put_back(storage::batch& b, webhook_delivery d,
                                        time_point now) const {
  kept_.unbury(b, who_.id, d.sequence);
  d.attempts = 0;
  d.since = d.due = now;
  kept_.park(b, who_.id, d);
  return d;
}

void webhook_line::has_been_put_back(webhook_delivery d) {
  dead_letter_removed();
  insert_parked(std::move(d));
}

std::size_t webhook_line::room_for_parked() const {
  return limits_.parked - std::min(limits_.parked, parked_.size());
}

}  // namespace kp::actors
