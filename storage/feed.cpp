#include "storage/feed.hpp"

#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

namespace kp::storage {

constexpr bool is_known(event_kind v) {
  return v == event_kind::status || v == event_kind::arrival;
}

template <class R>
  requires std::same_as<std::remove_const_t<R>, channel_event>
void fields(auto& a, R& r) {
  a(r.kind, r.at, r.message, r.conversation, r.way, r.via);
  if (r.kind == event_kind::status)
    a(r.status_row, r.conversation_row, r.name, r.description);
  else
    a(r.sender, r.receiver, r.process, r.type);
}

namespace {

constexpr std::uint8_t newest_version = 1;

std::string prefix_of(organisation_id organisation, record_kind kind, channel_number channel) {
  return key_builder(organisation, kind).u32(static_cast<std::uint32_t>(channel)).str();
}

std::string event_prefix(organisation_id organisation, channel_number channel) {
  return prefix_of(organisation, record_kind::channel_event, channel);
}

std::string at_sequence(std::string prefix, sequence_number sequence) {
  append_big_endian(prefix, sequence);
  return prefix;
}

sequence_number sequence_of(std::string_view key) {
  key_reader parts(key);
  parts.u32();
  return parts.u64();
}

std::string mark_key(organisation_id organisation, channel_number channel, time_point at) {
  return key_builder(organisation, record_kind::channel_event_mark)
      .u32(static_cast<std::uint32_t>(channel))
      .time(at)
      .str();
}

result<sequence_number> read_number(std::string_view bytes) {
  const auto number = from_big_endian<std::uint64_t>(bytes);
  if (!number) return permanent(storage_errc::corrupt, "a stored mark of a feed cannot be read");
  return *number;
}

result<std::optional<entry>> last_entry(const engine& store, std::string_view begin,
                                        std::string_view end) {
  KP_TRY(auto found, read_entries(store, begin, end, scan_order::descending, 1));
  if (found.empty()) return std::optional<entry>{};
  return std::optional<entry>{std::move(found.front())};
}

}  // namespace

std::string encode(const channel_event& event) {
  return encode_record(newest_version, event);
}

result<channel_event> decode_event(std::string_view bytes) {
  return decode_record<channel_event>(bytes, newest_version, "channel event");
}

void append_event(batch& b, organisation_id organisation, channel_number channel,
                  const channel_event& event) {
  b.append(event_prefix(organisation, channel), encode(event));
}

std::optional<std::pair<organisation_id, channel_number>> feed_of_prefix(std::string_view prefix) {
  constexpr std::size_t size = key_reader::header + sizeof(std::uint32_t);
  constexpr auto kind = static_cast<char>(record_kind::channel_event);
  if (prefix.size() != size || prefix[key_reader::header - 1] != kind) return std::nullopt;
  const auto organisation = from_big_endian<std::uint32_t>(prefix.substr(0, 4));
  key_reader parts(prefix);
  return std::pair(organisation_id::from_number(*organisation), channel_number{parts.u32()});
}

feed::feed(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

void feed::append(batch& b, channel_number channel, const channel_event& event) const {
  append_event(b, organisation_, channel, event);
}

result<std::vector<feed::entry>> feed::after(channel_number channel, sequence_number sequence,
                                             std::size_t limit) const {
  std::vector<entry> events;
  if (sequence == UINT64_MAX) return events;
  const auto prefix = event_prefix(organisation_, channel);
  KP_TRY(const auto rows, read_entries(store_, at_sequence(prefix, sequence + 1),
                                       prefix_end(prefix), scan_order::ascending, limit));
  events.reserve(rows.size());
  for (const auto& row : rows) {
    KP_TRY(auto event, decode_event(row.value));
    events.push_back({sequence_of(row.key), std::move(event)});
  }
  return events;
}

result<sequence_number> feed::newest(channel_number channel) const {
  const auto prefix = event_prefix(organisation_, channel);
  KP_TRY(const auto last, last_entry(store_, prefix, prefix_end(prefix)));
  if (last) return sequence_of(last->key);
  return trimmed(channel);
}

result<sequence_number> feed::trimmed(channel_number channel) const {
  KP_TRY(const auto stored,
         store_.get(prefix_of(organisation_, record_kind::channel_event_trimmed, channel)));
  if (!stored) return sequence_number{0};
  return read_number(*stored);
}

result<void> feed::mark(batch& b, channel_number channel, time_point now) const {
  KP_TRY(const auto newest_now, newest(channel));
  KP_TRY(const auto gone, trimmed(channel));
  if (newest_now == gone) return {};
  const auto prefix = prefix_of(organisation_, record_kind::channel_event_mark, channel);
  KP_TRY(const auto last, last_entry(store_, prefix, prefix_end(prefix)));
  if (last) {
    KP_TRY(const auto marked, read_number(last->value));
    if (marked >= newest_now) return {};
    key_reader parts(last->key);
    parts.u32();
    if (now - parts.time() < mark_every) return {};
  }
  b.put(mark_key(organisation_, channel, now), to_big_endian(newest_now));
  return {};
}

result<bool> feed::trim(batch& b, channel_number channel, time_point now,
                        std::chrono::microseconds keep, std::size_t limit) const {
  KP_CHECK(mark(b, channel, now));
  const auto marks = prefix_of(organisation_, record_kind::channel_event_mark, channel);
  const auto until = mark_key(organisation_, channel, now - keep) + '\0';
  KP_TRY(const auto due, last_entry(store_, marks, until));
  if (!due) return false;
  KP_TRY(const auto oldest_kept_before, read_number(due->value));

  KP_TRY(const auto gone, trimmed(channel));
  const auto prefix = event_prefix(organisation_, channel);
  const auto end = at_sequence(prefix, oldest_kept_before) + '\0';
  KP_TRY(const auto rows,
         read_entries(store_, at_sequence(prefix, gone), end, scan_order::ascending, limit));
  const bool more = rows.size() == limit;
  for (const auto& row : rows) b.erase(row.key);
  const auto key = prefix_of(organisation_, record_kind::channel_event_trimmed, channel);
  if (gone == 0)
    b.require_absent(key);
  else
    b.require_value(key, to_big_endian(gone));
  const auto removed = more ? sequence_of(rows.back().key) : oldest_kept_before;
  b.put(key, to_big_endian(std::max(gone, removed)));
  if (more) return true;
  KP_TRY(const auto past, read_entries(store_, marks, until, scan_order::ascending, limit));
  for (const auto& each : past) b.erase(each.key);
  return past.size() == limit;
}

}  // namespace kp::storage
