#include "storage/row_counter.hpp"

#include "storage/big_endian.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

row_id id_in(std::string_view key) {
  constexpr std::size_t size = sizeof(row_id);
  return key.size() < size ? 0 : from_big_endian<row_id>(key.substr(key.size() - size)).value_or(0);
}

}  // namespace

// Counts everything, and keeps what will not change. Returns the total.
result<std::uint64_t> row_counter::count_up(counted& known, const std::string& prefix) const {
  const auto end = prefix_end(prefix);
  row_id settled = 0;
  KP_CHECK(store_.scan(prefix, end, scan_order::descending, [&](std::string_view key, auto) {
    const auto newest = id_in(key);
    settled = newest > commit_window ? newest - commit_window : 0;
    return false;
  }));
  std::uint64_t unsettled = 0;
  KP_CHECK(store_.scan(prefix + to_big_endian(known.until), end, scan_order::ascending,
                       [&](std::string_view key, auto) {
                         const auto id = id_in(key);
                         if (id >= settled) {
                           ++unsettled;
                           return true;
                         }
                         if (known.rows % stride == 0) known.marks.push_back(id);
                         ++known.rows;
                         return true;
                       }));
  known.until = std::max(known.until, settled);
  return known.rows + unsettled;
}

result<row_counter::part> row_counter::locate(const std::string& prefix,
                                              const std::string& removals,
                                              const page_request& request) {
  // Read before the rows: a removal in between is noticed the next time.
  KP_TRY(auto changed, store_.get(removals));
  const std::scoped_lock lock(mutex_);
  auto& known = known_[prefix];
  if (!known.begun || known.removals != changed) {
    known = {};
    known.begun = true;
    known.removals = std::move(changed);
  }
  part out;
  const auto total = count_up(known, prefix);
  if (!total) {
    known = {};  // it may have stopped anywhere
    return total.error();
  }
  out.total = *total;
  const auto offset = std::min(request.offset, out.total);
  out.take = std::min(request.size, out.total - offset);
  const auto first =
      request.order == scan_order::ascending ? offset : out.total - offset - out.take;
  if (first < known.rows) {
    const auto mark = first / stride;
    out.begin = prefix + to_big_endian(known.marks[static_cast<std::size_t>(mark)]);
    out.skip = first - mark * stride;
  } else {
    out.begin = prefix + to_big_endian(known.until);
    out.skip = first - known.rows;
  }
  return out;
}

}  // namespace kp::storage
