#include "storage/status_reports.hpp"

#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

#include <algorithm>

namespace kp::storage {

template <class R>
  requires std::same_as<std::remove_const_t<R>, status_report>
void fields(auto& a, R& r) {
  a(r.queued, r.at, r.name, r.message, r.conversation, r.via, r.process, r.document_type, r.sender,
    r.receiver);
}

template <class R>
  requires std::same_as<std::remove_const_t<R>, refused_report>
void fields(auto& a, R& r) {
  a(r.what, r.at, r.why);
}

namespace {

constexpr std::uint8_t newest_version = 1;

std::string prefix_of(organisation_id organisation, record_kind kind) {
  return key_builder(organisation, kind).str();
}

std::string key_of(organisation_id organisation, record_kind kind, std::uint64_t sequence) {
  return key_builder(organisation, kind).u64(sequence).str();
}

std::uint64_t sequence_of(std::string_view key) {
  key_reader parts(key);
  return parts.u64();
}

}  // namespace

std::string encode(const status_report& report) {
  return encode_record(newest_version, report);
}
result<status_report> decode_status_report(std::string_view bytes) {
  return decode_record<status_report>(bytes, newest_version, "status report");
}
std::string encode(const refused_report& report) {
  return encode_record(newest_version, report);
}
result<refused_report> decode_refused_report(std::string_view bytes) {
  return decode_record<refused_report>(bytes, newest_version, "refused status report");
}

report_gate::report_gate(const clock& time, std::uint64_t most, std::function<void()> woken)
    : time_(time), most_(most), woken_(std::move(woken)) {}

std::optional<time_point> report_gate::admit() {
  const auto before = waiting_.fetch_add(1);
  if (before >= most_) {
    waiting_.fetch_sub(1);
    turned_away_.fetch_add(1);
    return std::nullopt;
  }
  admitted_.fetch_add(1);
  if (before == 0) woken_();
  return time_.now();
}

void report_gate::left(std::uint64_t fewer) {
  auto now = waiting_.load();
  while (!waiting_.compare_exchange_weak(now, now - std::min(now, fewer))) {
  }
}

void append_report(batch& b, organisation_id organisation, const status_report& report) {
  b.append(prefix_of(organisation, record_kind::status_report), encode(report));
}

status_reports::status_reports(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

result<std::vector<status_reports::entry>> status_reports::after(std::uint64_t sequence,
                                                                 std::size_t limit) const {
  std::vector<entry> found;
  if (sequence == UINT64_MAX) return found;
  const auto end = prefix_end(prefix_of(organisation_, record_kind::status_report));
  KP_TRY(const auto rows,
         read_entries(store_, key_of(organisation_, record_kind::status_report, sequence + 1), end,
                      scan_order::ascending, limit));
  found.reserve(rows.size());
  for (const auto& row : rows) {
    KP_TRY(auto report, decode_status_report(row.value));
    found.push_back({sequence_of(row.key), std::move(report)});
  }
  return found;
}

void status_reports::remove(batch& b, std::uint64_t sequence) const {
  b.erase(key_of(organisation_, record_kind::status_report, sequence));
}

result<std::uint64_t> status_reports::count(std::uint64_t limit) const {
  const auto prefix = prefix_of(organisation_, record_kind::status_report);
  std::uint64_t counted = 0;
  if (limit == 0) return counted;
  KP_CHECK(store_.scan(prefix, prefix_end(prefix), scan_order::ascending,
                       [&](std::string_view, std::string_view) { return ++counted < limit; }));
  return counted;
}

result<void> status_reports::refuse(batch& b, const entry& one, time_point now, std::string why,
                                    std::size_t keep) const {
  const auto prefix = prefix_of(organisation_, record_kind::status_report_refused);
  KP_TRY(const auto there,
         read_entries(store_, prefix, prefix_end(prefix), scan_order::ascending, keep + keep));
  for (std::size_t i = 0; i + keep <= there.size(); ++i) b.erase(there[i].key);
  remove(b, one.sequence);
  refused_report refused;
  refused.what = one.what;
  refused.at = now;
  refused.why = std::move(why);
  b.put(key_of(organisation_, record_kind::status_report_refused, one.sequence), encode(refused));
  return {};
}

result<std::vector<refused_report>> status_reports::refused(std::size_t limit) const {
  const auto prefix = prefix_of(organisation_, record_kind::status_report_refused);
  KP_TRY(const auto rows,
         read_entries(store_, prefix, prefix_end(prefix), scan_order::descending, limit));
  std::vector<refused_report> all;
  for (const auto& row : rows) {
    KP_TRY(auto one, decode_refused_report(row.value));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace kp::storage
