#include "storage/statistics.hpp"

#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"
#include "storage/statistics_keys.hpp"

namespace kp::storage {

namespace {

constexpr std::size_t marks_at_once = 100;
// No organisation has a number as high as this.
constexpr auto beyond_all = organisation_id::from_number(UINT32_MAX);

std::string mark_prefix() {
  return hub_key(statistics_part::mark).str();
}

std::string hour_key(organisation_id organisation, hour_number hour) {
  return key_builder(organisation, record_kind::statistics).u32(hour).str();
}

std::string total_key(const statistics_key& key) {
  return key_builder(key.organisation, record_kind::statistics)
      .u32(key.hour)
      .u8(static_cast<std::uint8_t>(key.via))
      .u8(static_cast<std::uint8_t>(key.way))
      .u8(static_cast<std::uint8_t>(key.name))
      .str();
}

result<std::uint64_t> number_in(std::string_view bytes) {
  const auto number = from_big_endian<std::uint64_t>(bytes);
  if (!number) return permanent(storage_errc::corrupt, "stored statistics cannot be read");
  return *number;
}

result<statistics_key> key_in(organisation_id organisation, std::string_view bytes) {
  key_reader parts(bytes);
  statistics_key key;
  key.organisation = organisation;
  key.hour = parts.u32();
  key.via = static_cast<service>(parts.u8());
  key.way = static_cast<direction>(parts.u8());
  key.name = static_cast<status_name>(parts.u8());
  if (!parts.whole() || !is_known(key.via) || !is_known(key.way) || !is_known(key.name))
    return permanent(storage_errc::corrupt, "stored statistics cannot be read");
  return key;
}

organisation_id organisation_in(std::string_view key) {
  return organisation_id::from_number(*from_big_endian<std::uint32_t>(key.substr(0, 4)));
}

std::string feeds_of(organisation_id organisation) {
  return key_builder(organisation, record_kind::channel_event).str();
}

}  // namespace

hour_number hour_of(time_point at) {
  const auto hours = std::chrono::floor<std::chrono::hours>(at.time_since_epoch()).count();
  return hours < 0 ? 0 : static_cast<hour_number>(hours);
}

time_point begin_of(hour_number hour) {
  return time_point(std::chrono::hours(hour));
}

void count(status_counts& into, organisation_id organisation, const channel_event& event) {
  if (event.kind != event_kind::status) return;
  ++into[{organisation, hour_of(event.at), event.via, event.way, event.name}];
}

void statistics::put_mark(batch& b) {
  b.append(mark_prefix(), {});
}

bool statistics::is_mark(std::string_view key_prefix) {
  static const auto prefix = mark_prefix();
  return key_prefix == prefix;
}

result<sequence_number> statistics::newest_mark() const {
  const auto prefix = mark_prefix();
  KP_TRY(const auto found,
         read_entries(store_, prefix, prefix_end(prefix), scan_order::descending, 1));
  if (found.empty()) return sequence_number{0};
  key_reader parts(found.front().key);
  parts.u8();
  return parts.u64();
}

result<sequence_number> statistics::counted_until() const {
  KP_TRY(const auto stored, store_.get(hub_key(statistics_part::counted).str()));
  if (!stored) return sequence_number{0};
  return number_in(*stored);
}

result<void> statistics::add(batch& b, const status_counts& more, sequence_number mark) const {
  for (const auto& [key, count] : more) {
    auto at = total_key(key);
    KP_TRY(const auto stored, store_.get(at));
    std::uint64_t total = count;
    if (stored) {
      KP_TRY(const auto before, number_in(*stored));
      total += before;
    }
    b.put(std::move(at), to_big_endian(total));
  }
  auto key = hub_key(statistics_part::counted).str();
  KP_TRY(const auto before, store_.get(key));
  if (before)
    b.require_value(key, *before);
  else
    b.require_absent(key);
  b.put(std::move(key), to_big_endian(mark));
  const auto marks = mark_prefix();
  KP_TRY(const auto old,
         read_entries(store_, marks, hub_key(statistics_part::mark).u64(mark).str() + '\0',
                      scan_order::ascending, marks_at_once));
  for (const auto& each : old) b.erase(each.key);
  return {};
}

result<std::vector<statistics::row>> statistics::read(organisation_id organisation,
                                                      hour_number first, hour_number end,
                                                      std::size_t limit) const {
  KP_TRY(const auto found, read_entries(store_, hour_key(organisation, first),
                                        hour_key(organisation, end), scan_order::ascending, limit));
  std::vector<row> rows;
  for (const auto& each : found) {
    row one;
    KP_TRY(one.key, key_in(organisation, each.key));
    KP_TRY(one.count, number_in(each.value));
    rows.push_back(one);
  }
  return rows;
}

result<bool> statistics::trim(batch& b, organisation_id organisation, hour_number first,
                              std::size_t limit) const {
  KP_TRY(const auto old, read_entries(store_, hour_key(organisation, 0),
                                      hour_key(organisation, first), scan_order::ascending, limit));
  for (const auto& each : old) b.erase(each.key);
  return old.size() == limit;
}

result<std::vector<organisation_id>> stored_organisations(const engine& store) {
  std::vector<organisation_id> all;
  auto at = organisation_end(hub_itself);
  for (;;) {
    KP_TRY(const auto found, first_entry(store, at, organisation_begin(beyond_all)));
    if (!found) return all;
    all.push_back(organisation_in(found->key));
    at = organisation_end(all.back());
  }
}

feed_walk::feed_walk(const engine& store, sequence_number after, sequence_number before)
    : store_(store), after_(after), before_(before), at_(organisation_end(hub_itself)) {}

result<bool> feed_walk::next(std::size_t limit, const visitor& visit) {
  constexpr auto feeds = static_cast<char>(record_kind::channel_event);
  for (std::size_t looked_at = 0; looked_at < limit;) {
    KP_TRY(const auto found, first_entry(store_, at_, organisation_begin(beyond_all)));
    if (!found) return false;
    ++looked_at;
    const auto organisation = organisation_in(found->key);
    const auto kind = found->key[key_reader::header - 1];
    if (kind != feeds) {
      at_ = kind < feeds ? feeds_of(organisation) : organisation_end(organisation);
      continue;
    }
    key_reader parts(found->key);
    const auto channel = parts.u32();
    const auto sequence = parts.u64();
    const auto feed = key_builder(organisation, record_kind::channel_event).u32(channel);
    if (sequence <= after_) {
      at_ = key_builder(feed).u64(after_ + 1).str();
    } else if (sequence >= before_) {
      at_ = prefix_end(feed.str());
    } else {
      const auto end = key_builder(feed).u64(before_).str();
      KP_TRY(const auto events,
             read_entries(store_, found->key, end, scan_order::ascending, limit - looked_at + 1));
      for (const auto& each : events) {
        KP_TRY(const auto event, decode_event(each.value));
        visit(organisation, event);
      }
      looked_at += events.size();
      at_ = events.back().key + '\0';
    }
  }
  return true;
}

}  // namespace kp::storage
