#include "admin/store_levels.hpp"

#include "storage/codec.hpp"
#include "storage/keys.hpp"

namespace kp::admin {

namespace {

using storage::record_kind;

result<void> scan(const storage::engine& store, organisation_id organisation, record_kind kind,
                  const storage::engine::visitor& visit) {
  const auto prefix = storage::key_builder(organisation, kind).str();
  return store.scan(prefix, storage::prefix_end(prefix), storage::scan_order::ascending, visit);
}

result<std::uint64_t> count(const storage::engine& store, organisation_id organisation,
                            record_kind kind) {
  std::uint64_t counted = 0;
  KP_CHECK(scan(store, organisation, kind,
                [&](std::string_view, std::string_view) { return ++counted < most_counted; }));
  return counted;
}

}  // namespace

std::uint64_t queue_levels::outgoing() const {
  std::uint64_t all = 0;
  for (const auto& [via, level] : outboxes) all += level.items;
  return all;
}

result<queue_levels> read_levels(const storage::engine& store, organisation_id organisation) {
  queue_levels levels;
  std::uint64_t seen = 0;
  const auto count_item = [&](std::string_view key, std::string_view value) {
    auto& level = levels.outboxes[static_cast<service>(storage::key_reader(key).u8())];
    // Row ids rise with time: the first of a service is its oldest.
    if (level.items++ == 0)
      if (const auto item = storage::decode<storage::outbox_item>(value))
        level.oldest = item->queued;
    return ++seen < most_counted;
  };
  KP_CHECK(scan(store, organisation, record_kind::outbox_item, count_item));
  KP_TRY(levels.waiting, count(store, organisation, record_kind::inbound_queue));
  KP_TRY(levels.locked, count(store, organisation, record_kind::inbound_lock_expiry));
  return levels;
}

result<std::map<organisation_id, queue_levels>> read_levels(
    const storage::engine& store, const std::vector<organisation_id>& organisations) {
  std::map<organisation_id, queue_levels> all;
  for (const auto id : organisations) {
    KP_TRY(auto levels, read_levels(store, id));
    all.emplace(id, std::move(levels));
  }
  return all;
}

}  // namespace kp::admin
