#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/operator_marks.hpp"
#include "storage/outbox_recovery.hpp"
#include "storage/outbox_turns.hpp"
#include "storage/paging.hpp"
#include "storage/repositories.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>

// The due index holds every item exactly once: at its due time while nobody has claimed it, at the
// claim's expiry while somebody has. A claimed item is thereby out of the way, and the claim of an
// owner that has died falls due by itself.

namespace kp::storage {
namespace {

std::uint8_t raw(service via) {
  return static_cast<std::uint8_t>(via);
}

std::string item_key(organisation_id organisation, service via, row_id id) {
  return key_builder(organisation, record_kind::outbox_item).u8(raw(via)).u64(id).str();
}

std::string claim_key(organisation_id organisation, service via, row_id id) {
  return key_builder(organisation, record_kind::outbox_claim).u8(raw(via)).u64(id).str();
}

key_builder index_of(organisation_id organisation, service via) {
  return key_builder(organisation, record_kind::outbox_due).u8(raw(via));
}

key_builder items_of(organisation_id organisation, service via, const message_id& message) {
  return key_builder(organisation, record_kind::outbox_by_message)
      .u8(raw(via))
      .text_part(message.to_string());
}

time_point place_of(const outbox_item& item, const std::optional<lease>& claim) {
  if (claim && !claim->owner.empty()) return claim->expires;
  return std::max(item.due, item.queued);
}

}  // namespace

outbox::outbox(const engine& store, organisation_id organisation, service via)
    : store_(store), organisation_(organisation), via_(via) {}

std::string outbox::due_key(time_point at, row_id id) const {
  return index_of(organisation_, via_).time(at).u64(id).str();
}

void outbox::insert(batch& b, const outbox_item& item) const {
  auto key = item_key(organisation_, via_, item.id);
  b.require_absent(key);
  b.put(std::move(key), encode(item));
  b.put(due_key(place_of(item, std::nullopt), item.id), {});
  b.put(items_of(organisation_, via_, item.message).u64(item.id).str(), {});
}

result<std::optional<outbox_item>> outbox::find(row_id id) const {
  return find_record<outbox_item>(store_, item_key(organisation_, via_, id));
}

result<std::vector<row_id>> outbox::of_message(const message_id& message) const {
  const auto prefix = items_of(organisation_, via_, message).str();
  std::vector<row_id> ids;
  KP_CHECK(store_.scan(prefix, prefix_end(prefix), scan_order::ascending,
                       [&](std::string_view key, std::string_view) {
                         const auto id = from_big_endian<row_id>(key.substr(prefix.size()));
                         if (id) ids.push_back(*id);
                         return true;
                       }));
  return ids;
}

result<std::vector<outbox::claimed>> outbox::claim_due(batch& b, time_point& from, time_point now,
                                                       std::size_t limit, std::string_view owner,
                                                       std::chrono::microseconds ttl) const {
  std::vector<claimed> all;
  if (limit == 0) return all;
  // Items become due shortly before they are committed, so the start stays behind the clock; and a
  // clock that has been set back puts new items before it.
  const auto settled = now - commit_window;
  if (from > settled) from = {};
  bool at_first = true;
  const auto visit = [&](const entry& at) -> result<bool> {
    key_reader key(at.key);
    key.u8();
    const auto due = key.time();
    const auto id = key.u64();
    if (at_first) from = std::max(from, std::min(due, settled));
    at_first = false;
    const auto stored = item_key(organisation_, via_, id);
    KP_TRY(auto item, find(id));
    const auto claim = claim_key(organisation_, via_, id);
    KP_TRY(const auto current, read_lease(store_, claim));
    if (!item || place_of(*item, current) != due) {
      // The item has gone or moved since; should this be a leftover, it goes too.
      b.erase(at.key);
      if (item)
        b.require_value(stored, encode(*item));
      else
        b.require_absent(stored);
      return true;
    }
    KP_TRY(auto taken, take_lease(b, claim, current, owner, now, ttl));
    b.require_value(stored, encode(*item));
    b.erase(at.key);
    b.put(due_key(taken.expires, id), {});
    all.push_back({*std::move(item), std::move(taken)});
    return all.size() < limit;
  };
  const auto index = index_of(organisation_, via_);
  KP_CHECK(walk(store_, key_builder(index).time(from).str(),
                key_builder(index).time(now + std::chrono::microseconds(1)).str(),
                scan_order::ascending, visit));
  if (at_first) from = std::max(from, settled);
  return all;
}

result<std::optional<time_point>> outbox::next_due(time_point from) const {
  const auto index = index_of(organisation_, via_);
  KP_TRY(const auto first,
         first_entry(store_, key_builder(index).time(from).str(), prefix_end(index.str())));
  if (!first) return std::optional<time_point>{};
  key_reader key(first->key);
  key.u8();
  return std::optional<time_point>{key.time()};
}

// A renewed claim has moved the item, and the caller may hold the claim as it was before.
void outbox::leave_place(batch& b, const claimed& c) const {
  b.erase(due_key(c.claim.expires, c.item.id));
  const auto current = read_lease(store_, claim_key(organisation_, via_, c.item.id));
  if (current && *current && (*current)->expires != c.claim.expires)
    b.erase(due_key((*current)->expires, c.item.id));
}

void outbox::postpone(batch& b, const claimed& c, time_point due, std::string last_error) const {
  auto after = c.item;
  ++after.attempts;
  after.due = due;
  after.last_error = std::move(last_error);
  leave_place(b, c);
  release_lease(b, claim_key(organisation_, via_, c.item.id), c.claim);
  b.put(item_key(organisation_, via_, after.id), encode(after));
  b.put(due_key(place_of(after, std::nullopt), after.id), {});
}

void outbox::remove(batch& b, const claimed& c) const {
  auto claim = claim_key(organisation_, via_, c.item.id);
  b.require_fence(claim, c.claim.fence);
  leave_place(b, c);
  b.erase(std::move(claim));
  erase_item(b, c.item);
}

result<lease> outbox::renew(batch& b, const claimed& c, time_point now,
                            std::chrono::microseconds ttl) const {
  auto claim = claim_key(organisation_, via_, c.item.id);
  KP_TRY(const auto current, read_lease(store_, claim));
  if (!current || current->fence != c.claim.fence || current->owner.empty())
    return permanent(storage_errc::fenced, "the claim has gone to somebody else");
  // Overdue but not taken over: it is still this owner's, so the number stays.
  const lease longer{current->owner, now + ttl, current->fence};
  b.require_value(claim, encode(*current));
  b.put(std::move(claim), encode(longer));
  b.erase(due_key(current->expires, c.item.id));
  b.put(due_key(longer.expires, c.item.id), {});
  return longer;
}

void outbox::remove_unclaimed(batch& b, const outbox_item& item, time_point now) const {
  auto claim = claim_key(organisation_, via_, item.id);
  const auto current = read_lease(store_, claim);
  if (current && *current) {
    // With an owner alive, the value to be found is the one it would have without an owner.
    const auto& held = **current;
    const auto free = held.held_at(now) ? lease{{}, {}, held.fence} : held;
    b.require_value(claim, encode(free));
    b.erase(due_key(place_of(item, held), item.id));
  } else {
    // When the claim cannot be read, neither can it at commit, which then refuses.
    b.require_absent(claim);
    b.erase(due_key(place_of(item, std::nullopt), item.id));
  }
  b.erase(std::move(claim));
  b.require_value(item_key(organisation_, via_, item.id), encode(item));
  erase_item(b, item);
}

void outbox::erase_item(batch& b, const outbox_item& item) const {
  b.erase(item_key(organisation_, via_, item.id));
  b.erase(items_of(organisation_, via_, item.message).u64(item.id).str());
}

result<std::uint64_t> outbox::count() const {
  const auto prefix = key_builder(organisation_, record_kind::outbox_item).u8(raw(via_)).str();
  std::uint64_t counted = 0;
  KP_CHECK(store_.scan(prefix, prefix_end(prefix), scan_order::ascending,
                       [&](std::string_view, std::string_view) {
                         ++counted;
                         return true;
                       }));
  return counted;
}

result<void> reschedule(batch& b, const engine& store, organisation_id organisation,
                        const outbox_item& item, time_point due) {
  const auto place = [&](const outbox_item& of) {
    return index_of(organisation, of.via).time(place_of(of, std::nullopt)).u64(of.id).str();
  };
  auto claim = claim_key(organisation, item.via, item.id);
  KP_TRY(const auto current, read_lease(store, claim));
  if (current && !current->owner.empty())
    return transient(storage_errc::fenced, "the item is being sent");
  if (current)
    b.require_value(std::move(claim), encode(*current));
  else
    b.require_absent(std::move(claim));
  auto after = item;
  after.due = due;
  auto key = item_key(organisation, item.via, item.id);
  b.require_value(key, encode(item));
  b.erase(place(item));
  b.put(place(after), {});
  b.put(std::move(key), encode(after));
  return {};
}

void put_off(batch& b, const engine& store, organisation_id organisation, service via,
             const outbox::claimed& what, time_point due) {
  auto later = what.item;
  later.due = due;
  const auto place = [&](time_point at) {
    return index_of(organisation, via).time(at).u64(later.id).str();
  };
  auto claim = claim_key(organisation, via, later.id);
  b.erase(place(what.claim.expires));
  const auto current = read_lease(store, claim);
  if (current && *current) b.erase(place((*current)->expires));
  release_lease(b, std::move(claim), what.claim);
  b.put(item_key(organisation, via, later.id), encode(later));
  b.put(place(place_of(later, std::nullopt)), {});
}

result<std::size_t> release_claims_of_earlier_runs(batch& b, const engine& store,
                                                   organisation_id organisation, service via,
                                                   std::string_view run) {
  const auto prefix = key_builder(organisation, record_kind::outbox_claim).u8(raw(via)).str();
  std::vector<row_id> claimed;
  KP_CHECK(store.scan(prefix, prefix_end(prefix), scan_order::ascending,
                      [&](std::string_view key, std::string_view) {
                        const auto id = from_big_endian<row_id>(key.substr(prefix.size()));
                        if (id) claimed.push_back(*id);
                        return true;
                      }));
  const auto place = [&](time_point at, row_id id) {
    return index_of(organisation, via).time(at).u64(id).str();
  };
  std::size_t released = 0;
  for (const auto id : claimed) {
    auto key = claim_key(organisation, via, id);
    KP_TRY(const auto held, read_lease(store, key));
    if (!held || held->owner.empty() || held->owner.starts_with(run)) continue;
    KP_TRY(const auto item, find_record<outbox_item>(store, item_key(organisation, via, id)));
    if (!item) continue;
    b.erase(place(held->expires, id));
    release_lease(b, std::move(key), *held);
    b.put(place(place_of(*item, std::nullopt), id), {});
    ++released;
  }
  return released;
}

}  // namespace kp::storage
