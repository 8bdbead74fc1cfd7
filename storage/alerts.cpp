#include "storage/alerts.hpp"

#include "storage/big_endian.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"
#include "storage/statistics_keys.hpp"

namespace kp::storage {

constexpr bool is_known(alert_kind v) {
  return v >= alert_kind::failed && v <= alert_kind::parked;
}

namespace {

constexpr std::uint8_t newest_version = 1;
constexpr std::size_t most_silences = 100'000;

// As it is written, with the organisation as its number.
struct stored_alert {
  alert what;
  std::uint32_t organisation = 0;
};

std::string alert_prefix() {
  return hub_key(statistics_part::alert).str();
}

std::string silence_at(const alerts::silence_key& key) {
  return hub_key(statistics_part::silence)
      .u32(key.first.number())
      .u8(static_cast<std::uint8_t>(key.second))
      .str();
}

sequence_number sequence_of(std::string_view key) {
  key_reader parts(key);
  parts.u8();
  return parts.u64();
}

error unreadable() {
  return permanent(storage_errc::corrupt, "stored alerts cannot be read");
}

}  // namespace

template <class R>
  requires std::same_as<std::remove_const_t<R>, stored_alert>
void fields(auto& a, R& r) {
  a(r.what.kind, r.what.at, r.organisation, r.what.via, r.what.way, r.what.count, r.what.messages,
    r.what.description, r.what.since);
}

std::string_view to_string(alert_kind kind) {
  switch (kind) {
    case alert_kind::failed:
      return "failed";
    case alert_kind::expired:
      return "expired";
    case alert_kind::silence:
      return "silence";
    case alert_kind::silence_ended:
      return "silence ended";
    case alert_kind::parked:
      return "parked";
  }
  return "unknown";
}

std::string encode(const alert& what) {
  return encode_record(newest_version, stored_alert{what, what.organisation.number()});
}

result<alert> decode_alert(std::string_view bytes) {
  KP_TRY(auto stored, decode_record<stored_alert>(bytes, newest_version, "alert"));
  stored.what.organisation = organisation_id::from_number(stored.organisation);
  return std::move(stored.what);
}

void alerts::append(batch& b, const alert& what) {
  b.append(alert_prefix(), encode(what));
}

result<std::vector<alerts::entry>> alerts::after(sequence_number sequence,
                                                 std::size_t limit) const {
  std::vector<entry> found;
  if (sequence == UINT64_MAX) return found;
  const auto end = prefix_end(alert_prefix());
  KP_TRY(const auto rows,
         read_entries(store_, hub_key(statistics_part::alert).u64(sequence + 1).str(), end,
                      scan_order::ascending, limit));
  for (const auto& row : rows) {
    KP_TRY(auto what, decode_alert(row.value));
    found.push_back({sequence_of(row.key), std::move(what)});
  }
  return found;
}

result<bool> alerts::remove_until(batch& b, sequence_number sequence, std::size_t limit) const {
  const auto end = hub_key(statistics_part::alert).u64(sequence).str() + '\0';
  KP_TRY(const auto rows, read_entries(store_, alert_prefix(), end, scan_order::ascending, limit));
  for (const auto& row : rows) b.erase(row.key);
  return rows.size() == limit;
}

result<sequence_number> alerts::progress(std::string_view target) const {
  KP_TRY(const auto stored,
         store_.get(hub_key(statistics_part::alert_progress).text(target).str()));
  if (!stored) return sequence_number{0};
  const auto number = from_big_endian<std::uint64_t>(*stored);
  if (!number) return unreadable();
  return *number;
}

void alerts::put_progress(batch& b, std::string_view target, sequence_number sequence) {
  b.put(hub_key(statistics_part::alert_progress).text(target).str(), to_big_endian(sequence));
}

result<std::map<alerts::silence_key, hour_number>> alerts::silences() const {
  const auto prefix = hub_key(statistics_part::silence).str();
  KP_TRY(const auto rows,
         read_entries(store_, prefix, prefix_end(prefix), scan_order::ascending, most_silences));
  std::map<silence_key, hour_number> all;
  for (const auto& row : rows) {
    key_reader parts(row.key);
    parts.u8();
    const auto organisation = organisation_id::from_number(parts.u32());
    const auto via = static_cast<service>(parts.u8());
    const auto since = from_big_endian<std::uint32_t>(row.value);
    if (!parts.whole() || !is_known(via) || !since) return unreadable();
    all.emplace(silence_key{organisation, via}, *since);
  }
  return all;
}

void alerts::put_silence(batch& b, const silence_key& key, hour_number since) {
  b.put(silence_at(key), to_big_endian(since));
}

void alerts::end_silence(batch& b, const silence_key& key) {
  b.erase(silence_at(key));
}

}  // namespace kp::storage
