#include "storage/reindex.hpp"

#include "storage/big_endian.hpp"
#include "storage/paging.hpp"
#include "storage/upkeep.hpp"

namespace kp::storage {
namespace {

// Everything before these row ids has its index entries.
struct progress {
  row_id conversations = 0;
  row_id statuses = 0;
};
constexpr row_id all_done = UINT64_MAX;

progress parse_progress(const std::optional<std::string>& bytes) {
  progress out;
  if (!bytes || bytes->size() != 2 * sizeof(row_id)) return out;
  const std::string_view text = *bytes;
  out.conversations = from_big_endian<row_id>(text.substr(0, sizeof(row_id))).value_or(0);
  out.statuses = from_big_endian<row_id>(text.substr(sizeof(row_id))).value_or(0);
  return out;
}

template <class T, class Rows>
result<row_id> add_some(batch& b, const engine& store, const key_builder& prefix, row_id from,
                        std::size_t limit, const Rows& rows) {
  KP_TRY(const auto entries, read_entries(store, key_builder(prefix).u64(from).str(),
                                          prefix_end(prefix.str()), scan_order::ascending, limit));
  row_id last = 0;
  for (const auto& each : entries) {
    KP_TRY(const auto record, decode<T>(each.value));
    rows.add_places(b, record);
    last = record.id;
  }
  return entries.size() < limit ? all_done : last + 1;
}

}  // namespace

result<bool> complete_indexes(batch& b, const engine& store, organisation_id organisation,
                              channel_number channel, std::size_t limit) {
  const auto mark = upkeep_key(organisation, channel, upkeep::indexes);
  KP_TRY(const auto known, store.get(mark));
  auto done = parse_progress(known);
  if (done.conversations == all_done && done.statuses == all_done) return true;
  const auto rows = [&](record_kind kind) {
    return key_builder(organisation, kind).u32(static_cast<std::uint32_t>(channel));
  };
  if (done.conversations != all_done) {
    KP_TRY(done.conversations,
           add_some<conversation>(b, store, rows(record_kind::conversation), done.conversations,
                                  limit, conversations(store, organisation)));
  }
  if (done.statuses != all_done) {
    KP_TRY(done.statuses, add_some<status>(b, store, rows(record_kind::status), done.statuses,
                                           limit, statuses(store, organisation)));
  }
  b.put(mark, to_big_endian(done.conversations) + to_big_endian(done.statuses));
  return false;
}

}  // namespace kp::storage
