#include "storage/subscriptions.hpp"

#include "storage/keys.hpp"
#include "storage/paging.hpp"

#include <unordered_set>

namespace kp::storage {
namespace {

std::string all_of(organisation_id organisation) {
  return key_builder(organisation, record_kind::subscription).str();
}

std::string of_channel(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::subscription)
      .u32(static_cast<std::uint32_t>(channel))
      .str();
}

std::string key_of(organisation_id organisation, channel_number channel, row_id id) {
  return key_builder(organisation, record_kind::subscription)
      .u32(static_cast<std::uint32_t>(channel))
      .u64(id)
      .str();
}

std::string below(organisation_id organisation, record_kind kind, row_id id) {
  return key_builder(organisation, kind).u64(id).str();
}

std::string delivery_key(organisation_id organisation, record_kind kind, row_id id,
                         std::uint64_t sequence) {
  return key_builder(organisation, kind).u64(id).u64(sequence).str();
}

template <class Record>
result<std::vector<Record>> decode_all(const std::vector<entry>& entries) {
  std::vector<Record> records;
  records.reserve(entries.size());
  for (const auto& each : entries) {
    KP_TRY(auto record, decode<Record>(each.value));
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

subscriptions::subscriptions(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

result<std::optional<subscription>> subscriptions::find(channel_number channel, row_id id) const {
  return find_record<subscription>(store_, key_of(organisation_, channel, id));
}

result<page<subscription>> subscriptions::list(channel_number channel, const page_request& request,
                                               const filter<subscription>& matches) const {
  return list_records(store_, of_channel(organisation_, channel), request, matches);
}

result<std::vector<subscription>> subscriptions::all() const {
  const auto prefix = all_of(organisation_);
  KP_TRY(const auto entries,
         read_entries(store_, prefix, prefix_end(prefix), scan_order::ascending, SIZE_MAX));
  return decode_all<subscription>(entries);
}

result<bool> subscriptions::empty() const {
  const auto begin = key_builder(organisation_, record_kind::subscription).str();
  const auto last = key_builder(organisation_, record_kind::webhook_dead).str();
  KP_TRY(const auto first, first_entry(store_, begin, prefix_end(last)));
  return !first;
}

void subscriptions::put(batch& b, const subscription& s) const {
  b.put(key_of(organisation_, s.channel, s.id), encode(s));
}

void subscriptions::remove(batch& b, const subscription& s) const {
  b.erase(key_of(organisation_, s.channel, s.id));
}

void subscriptions::require(batch& b, const subscription& s) const {
  b.require_present(key_of(organisation_, s.channel, s.id));
}

result<delivery_progress> subscriptions::progress(row_id id) const {
  KP_TRY(auto found, find_record<delivery_progress>(
                         store_, below(organisation_, record_kind::webhook_progress, id)));
  return found ? *std::move(found) : delivery_progress{};
}

void subscriptions::put_progress(batch& b, row_id id, const delivery_progress& p) const {
  b.put(below(organisation_, record_kind::webhook_progress, id), encode(p));
}

void subscriptions::park(batch& b, row_id id, const webhook_delivery& d) const {
  b.put(delivery_key(organisation_, record_kind::webhook_parked, id, d.sequence), encode(d));
}

void subscriptions::unpark(batch& b, row_id id, std::uint64_t sequence) const {
  b.erase(delivery_key(organisation_, record_kind::webhook_parked, id, sequence));
}

result<std::vector<webhook_delivery>> subscriptions::parked(row_id id) const {
  const auto prefix = below(organisation_, record_kind::webhook_parked, id);
  KP_TRY(const auto entries,
         read_entries(store_, prefix, prefix_end(prefix), scan_order::ascending, SIZE_MAX));
  return decode_all<webhook_delivery>(entries);
}

void subscriptions::bury(batch& b, row_id id, const webhook_delivery& d) const {
  b.put(delivery_key(organisation_, record_kind::webhook_dead, id, d.sequence), encode(d));
}

void subscriptions::unbury(batch& b, row_id id, std::uint64_t sequence) const {
  b.erase(delivery_key(organisation_, record_kind::webhook_dead, id, sequence));
}

result<std::optional<webhook_delivery>> subscriptions::dead_letter(row_id id,
                                                                   std::uint64_t sequence) const {
  return find_record<webhook_delivery>(
      store_, delivery_key(organisation_, record_kind::webhook_dead, id, sequence));
}

result<page<webhook_delivery>> subscriptions::dead_letters(
    row_id id, const page_request& request, const filter<webhook_delivery>& matches) const {
  return list_records(store_, below(organisation_, record_kind::webhook_dead, id), request,
                      matches);
}

result<std::vector<webhook_delivery>> subscriptions::dead_letters_from(row_id id,
                                                                       std::uint64_t first,
                                                                       std::size_t limit) const {
  const auto begin = delivery_key(organisation_, record_kind::webhook_dead, id, first);
  const auto end = prefix_end(below(organisation_, record_kind::webhook_dead, id));
  KP_TRY(const auto entries, read_entries(store_, begin, end, scan_order::ascending, limit));
  return decode_all<webhook_delivery>(entries);
}

result<bool> subscriptions::clear(batch& b, std::size_t limit) const {
  KP_TRY(const auto known, all());
  std::unordered_set<row_id> alive;
  for (const auto& each : known) alive.insert(each.id);
  std::size_t removed = 0;
  for (const auto kind :
       {record_kind::webhook_progress, record_kind::webhook_parked, record_kind::webhook_dead}) {
    const auto prefix = key_builder(organisation_, kind).str();
    const auto end = prefix_end(prefix);
    auto begin = prefix;
    while (removed < limit) {
      KP_TRY(const auto found, first_entry(store_, begin, end));
      if (!found) break;
      const auto id = key_reader(found->key).u64();
      const auto own = below(organisation_, kind, id);
      begin = prefix_end(own);
      if (alive.contains(id)) continue;
      KP_TRY(const auto left,
             read_entries(store_, own, begin, scan_order::ascending, limit - removed));
      for (const auto& each : left) b.erase(each.key);
      removed += left.size();
    }
  }
  return removed >= limit;
}

}  // namespace kp::storage
