#include "storage/status_queue.hpp"

#include "config/log.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"

#include <fmt/format.h>

namespace kp::storage {
namespace {

// Dropped with one status: enough to catch up, few enough for one batch.
constexpr std::size_t most_dropped_at_once = 256;

key_builder queue_of(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::status_queue)
      .u32(static_cast<std::uint32_t>(channel));
}

row_id id_in(std::string_view key) {
  key_reader reader(key);
  reader.u32();
  return reader.u64();
}

}  // namespace

status_queue::status_queue(const engine& store, organisation_id organisation, includes which)
    : store_(store), organisation_(organisation), includes_(std::move(which)) {}

bool status_queue::is_on(channel_number channel) const {
  const auto found = includes_.find(channel);
  return found != includes_.end() && !found->second.empty();
}

result<void> status_queue::add(batch& b, service via, const status& s) const {
  const auto found = includes_.find(s.channel);
  if (found == includes_.end() || !found->second.contains(via)) return {};
  b.put(queue_of(organisation_, s.channel).u64(s.id).str(), {});
  return drop_out_of_reach(b, s);
}

result<void> status_queue::drop_out_of_reach(batch& b, const status& newest) const {
  if (newest.id <= reach) return {};
  const auto queue = queue_of(organisation_, newest.channel);
  const auto end = key_builder(queue).u64(newest.id - reach).str();
  // Looks at one entry only as long as the client keeps up.
  KP_TRY(const auto head, first_entry(store_, queue.str(), end));
  if (!head) return {};
  KP_TRY(const auto old,
         read_entries(store_, queue.str(), end, scan_order::ascending, most_dropped_at_once));
  for (const auto& each : old) b.erase(each.key);
  log(log_level::warning,
      fmt::format("{} statuses dropped from the status queue of channel number {}: nobody takes "
                  "them off; they stay under /api/statuses",
                  old.size(), static_cast<std::uint32_t>(newest.channel)),
      {{"organisation", organisation_.to_string()}});
  return {};
}

result<std::vector<row_id>> status_queue::first(channel_number channel, std::size_t limit) const {
  const auto prefix = queue_of(organisation_, channel).str();
  KP_TRY(const auto entries,
         read_entries(store_, prefix, prefix_end(prefix), scan_order::ascending, limit));
  std::vector<row_id> ids;
  for (const auto& each : entries) ids.push_back(id_in(each.key));
  return ids;
}

result<bool> status_queue::remove(batch& b, channel_number channel, row_id id) const {
  auto key = queue_of(organisation_, channel).u64(id).str();
  KP_TRY(const auto there, store_.get(key));
  if (!there) return false;
  b.require_present(key);
  b.erase(std::move(key));
  return true;
}

void status_queue::forget(batch& b, const status& s) const {
  b.erase(queue_of(organisation_, s.channel).u64(s.id).str());
}

}  // namespace kp::storage
