#include "storage/feed.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/repositories.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

std::uint32_t raw(channel_number channel) {
  return static_cast<std::uint32_t>(channel);
}

std::string message_key(organisation_id organisation, std::string_view message) {
  return key_builder(organisation, record_kind::inbound_message).text(message).str();
}

std::string lock_key(organisation_id organisation, std::string_view message) {
  return key_builder(organisation, record_kind::inbound_lock).text(message).str();
}

key_builder queue_of(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::inbound_queue).u32(raw(channel));
}

key_builder listing_of(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::inbound_listing).u32(raw(channel));
}

key_builder expiries_of(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::inbound_lock_expiry).u32(raw(channel));
}

std::string queue_key(organisation_id organisation, const inbound_message& m) {
  return queue_of(organisation, m.channel).u64(m.order).str();
}

std::string expiry_key(organisation_id organisation, const inbound_message& m, time_point expires) {
  return expiries_of(organisation, m.channel).time(expires).text(m.message.to_string()).str();
}

// The channel's feed learns of an arrival.
void tell(batch& b, organisation_id organisation, const inbound_message& m) {
  channel_event arrived;
  arrived.kind = event_kind::arrival;
  arrived.at = m.last_updated;
  arrived.message = m.message;
  arrived.conversation = m.conversation;
  arrived.way = direction::incoming;
  arrived.via = m.via;
  arrived.sender = m.sender_identifier;
  arrived.receiver = m.receiver_identifier;
  arrived.process = m.process;
  arrived.type = m.type;
  append_event(b, organisation, m.channel, arrived);
}

bool is_erased_by(const batch& b, std::string_view key) {
  return std::any_of(b.changes().begin(), b.changes().end(), [&](const batch::change& change) {
    return !change.value && change.key == key;
  });
}

}  // namespace

inbox::inbox(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

result<std::optional<inbound_message>> inbox::find(const message_id& message) const {
  return find_record<inbound_message>(store_, message_key(organisation_, message.to_string()));
}

void inbox::insert(batch& b, const inbound_message& m) const {
  const auto& id = m.message.to_string();
  auto key = message_key(organisation_, id);
  b.require_absent(key);
  b.put(std::move(key), encode(m));
  b.put(queue_key(organisation_, m), id);
  b.put(listing_of(organisation_, m.channel).u64(m.id).str(), id);
  tell(b, organisation_, m);
}

result<page<inbound_message>> inbox::list(channel_number channel, const page_request& request,
                                          const filter<inbound_message>& matches) const {
  return list_indexed<inbound_message>(
      store_, listing_of(organisation_, channel).str(), request, matches,
      [this](const entry& at) { return message_key(organisation_, at.value); });
}

result<std::optional<inbox::locked>> inbox::peek(batch& b, channel_number channel,
                                                 std::uint64_t& from,
                                                 const filter<inbound_message>& matches,
                                                 std::string_view owner, time_point now,
                                                 std::chrono::microseconds ttl) const {
  std::optional<locked> found;
  bool at_first = true;
  const auto visit = [&](const entry& at) -> result<bool> {
    key_reader key(at.key);
    key.u32();
    const auto order = key.u64();
    if (at_first) {
      // An order is given before its message is committed, so a smaller one may still turn up.
      if (order > commit_window) from = std::max(from, order - commit_window);
      at_first = false;
    }
    if (is_erased_by(b, at.key)) return true;
    KP_TRY(auto message,
           find_record<inbound_message>(store_, message_key(organisation_, at.value)));
    if (!message || message->order != order) return true;  // removed or moved meanwhile
    if (matches && !matches(*message)) return true;
    auto lock = lock_key(organisation_, at.value);
    KP_TRY(const auto current, read_lease(store_, lock));
    if (current && !current->owner.empty()) return true;  // somebody was faster
    KP_TRY(auto taken, take_lease(b, std::move(lock), current, owner, now, ttl));
    b.require_present(at.key);
    b.erase(at.key);
    b.put(expiry_key(organisation_, *message, taken.expires), {});
    found = locked{*std::move(message), std::move(taken)};
    return false;
  };
  const auto queue = queue_of(organisation_, channel);
  KP_CHECK(walk(store_, key_builder(queue).u64(from).str(), prefix_end(queue.str()),
                scan_order::ascending, visit));
  return found;
}

result<std::optional<lease>> inbox::lock_of(const message_id& message) const {
  KP_TRY(auto held, read_lease(store_, lock_key(organisation_, message.to_string())));
  if (held && held->owner.empty()) held.reset();
  return held;
}

result<std::size_t> inbox::sweep(batch& b, channel_number channel, row_ids& ids, time_point now,
                                 std::size_t limit) const {
  const auto expiries = expiries_of(organisation_, channel);
  KP_TRY(const auto overdue,
         read_entries(store_, expiries.str(),
                      key_builder(expiries).time(now + std::chrono::microseconds(1)).str(),
                      scan_order::ascending, limit));
  std::size_t freed = 0;
  for (const auto& at : overdue) {
    key_reader key(at.key);
    key.u32();
    const auto expires = key.time();
    const auto id = std::string(key.rest());
    b.erase(at.key);
    ++freed;
    KP_TRY(auto message, find_record<inbound_message>(store_, message_key(organisation_, id)));
    KP_TRY(const auto held, read_lease(store_, lock_key(organisation_, id)));
    if (!message || !held || held->owner.empty() || held->expires != expires)
      continue;  // a leftover of a message that was removed while somebody locked it
    release_lease(b, lock_key(organisation_, id), *held);
    auto stored = message_key(organisation_, id);
    b.require_value(stored, encode(*message));
    KP_TRY(message->order, ids.next(b));
    message->last_updated = now;
    b.put(std::move(stored), encode(*message));
    b.put(queue_key(organisation_, *message), id);
  }
  return freed;
}

result<std::optional<time_point>> inbox::next_lock_expiry(channel_number channel) const {
  const auto prefix = expiries_of(organisation_, channel).str();
  KP_TRY(const auto first, first_entry(store_, prefix, prefix_end(prefix)));
  if (!first) return std::optional<time_point>{};
  key_reader key(first->key);
  key.u32();
  return std::optional<time_point>{key.time()};
}

void inbox::remove(batch& b, const inbound_message& m, const std::optional<lease>& lock) const {
  const auto& id = m.message.to_string();
  auto stored = message_key(organisation_, id);
  auto lock_at = lock_key(organisation_, id);
  b.require_value(stored, encode(m));
  auto held = lock;
  if (lock)
    b.require_fence(lock_at, lock->fence);
  else if (auto current = read_lease(store_, lock_at))
    held = *std::move(current);  // when it cannot be read, sweep() clears its expiry away
  if (held && !held->owner.empty()) b.erase(expiry_key(organisation_, m, held->expires));
  b.erase(std::move(stored));
  b.erase(std::move(lock_at));
  b.erase(queue_key(organisation_, m));
  b.erase(listing_of(organisation_, m.channel).u64(m.id).str());
}

result<std::vector<inbound_message>> inbox::move_waiting(
    batch& b, channel_number from, channel_number to, row_ids& ids, std::size_t limit,
    const filter<inbound_message>& matches) const {
  std::vector<inbound_message> moved;
  if (limit == 0) return moved;
  const auto visit = [&](const entry& at) -> result<bool> {
    KP_TRY(auto message,
           find_record<inbound_message>(store_, message_key(organisation_, at.value)));
    if (!message || message->channel != from || queue_key(organisation_, *message) != at.key)
      return true;  // removed or moved meanwhile
    if (matches && !matches(*message)) return true;
    auto after = *message;
    after.channel = to;
    KP_TRY(after.order, ids.next(b));
    auto stored = message_key(organisation_, at.value);
    b.require_value(stored, encode(*message));
    b.require_present(at.key);
    b.erase(at.key);
    b.erase(listing_of(organisation_, from).u64(message->id).str());
    b.put(std::move(stored), encode(after));
    b.put(queue_key(organisation_, after), at.value);
    b.put(listing_of(organisation_, to).u64(after.id).str(), at.value);
    tell(b, organisation_, after);
    moved.push_back(*std::move(message));
    return moved.size() < limit;
  };
  const auto queue = queue_of(organisation_, from).str();
  KP_CHECK(walk(store_, queue, prefix_end(queue), scan_order::ascending, visit));
  return moved;
}

}  // namespace kp::storage
