#pragma once

#include "storage/paging.hpp"

#include <map>
#include <mutex>

namespace kp::storage {

// Knows how many rows a list has, and where its pages begin, without reading it each time. Rows are
// keyed by a prefix and their row id, ids rise, and a removal changes the record at a `removals`
// key: so what has been counted up to some id stays true until that record changes. Thread safe.
// Memory: eight bytes per 1024 rows.
class row_counter {
 public:
  // An id is given before its row is committed: what is this close to the newest is counted anew.
  static constexpr row_id commit_window = 4096;

  explicit row_counter(const engine& store) : store_(store) {}

  // Where the wanted part of a list lies, in ascending order: begin to read at `begin`, pass over
  // `skip` rows, take `take`.
  struct part {
    std::uint64_t total = 0;
    std::string begin;
    std::uint64_t skip = 0;
    std::uint64_t take = 0;
  };
  result<part> locate(const std::string& prefix, const std::string& removals,
                      const page_request& request);

 private:
  static constexpr std::uint64_t stride = 1024;
  struct counted {
    std::optional<std::string> removals;  // what the record said when this was counted
    bool begun = false;
    row_id until = 0;           // rows before this id are counted
    std::uint64_t rows = 0;     // so many
    std::vector<row_id> marks;  // the id of row number 0, 1024, 2048 ... among them
  };
  result<std::uint64_t> count_up(counted& known, const std::string& prefix) const;

  const engine& store_;
  std::mutex mutex_;
  std::map<std::string, counted> known_;  // by prefix: one per channel
};

// A page by row id, ascending or descending, of all rows below the prefix.
template <class T>
result<page<T>> counted_page(const engine& store, row_counter& counter, const std::string& prefix,
                             const std::string& removals, const page_request& request) {
  KP_TRY(const auto part, counter.locate(prefix, removals, request));
  page<T> found;
  found.total = part.total;
  if (part.take == 0) return found;
  std::optional<error> failed;
  auto skip = part.skip;
  KP_CHECK(store.scan(part.begin, prefix_end(prefix), scan_order::ascending,
                      [&](std::string_view, std::string_view bytes) {
                        if (skip > 0) {
                          --skip;
                          return true;
                        }
                        auto record = decode<T>(bytes);
                        if (!record) {
                          failed = std::move(record).error();
                          return false;
                        }
                        found.items.push_back(*std::move(record));
                        return found.items.size() < part.take;
                      }));
  if (failed) return *std::move(failed);
  if (request.order == scan_order::descending) std::reverse(found.items.begin(), found.items.end());
  return found;
}

}  // namespace kp::storage
