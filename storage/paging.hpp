#pragma once

#include "storage/codec.hpp"
#include "storage/engine.hpp"
#include "storage/keys.hpp"
#include "storage/repositories.hpp"

// How the repositories walk the engine.

namespace kp::storage {

// The record at `key`, or nullopt.
template <class Record>
result<std::optional<Record>> find_record(const engine& store, std::string_view key) {
  KP_TRY(const auto bytes, store.get(key));
  if (!bytes) return std::optional<Record>{};
  KP_TRY(auto record, decode<Record>(*bytes));
  return std::optional<Record>{std::move(record)};
}

// The same of a record with a decoder of its own.
template <class Record>
result<std::optional<Record>> find_record(const engine& store, std::string_view key,
                                          result<Record> (*decode_it)(std::string_view)) {
  KP_TRY(const auto bytes, store.get(key));
  if (!bytes) return std::optional<Record>{};
  KP_TRY(auto record, decode_it(*bytes));
  return std::optional<Record>{std::move(record)};
}

// Collects a page one match at a time.
template <class T>
class page_collector {
 public:
  page_collector(const page_request& request, const filter<T>& matches)
      : request_(request), matches_(matches) {}
  // Whether the next entry has to be read; when not, skip() counts it.
  bool wants_record() const { return matches_ || inside(); }
  void skip() { ++page_.total; }
  void add(T record) {
    if (matches_ && !matches_(record)) return;
    if (inside()) page_.items.push_back(std::move(record));
    ++page_.total;
  }
  page<T> take() && { return std::move(page_); }

 private:
  bool inside() const {
    return page_.total >= request_.offset && page_.items.size() < request_.size;
  }
  const page_request& request_;
  const filter<T>& matches_;
  page<T> page_;
};

// A page of the records whose keys begin with `prefix`. Without a filter only the page is decoded.
template <class T>
result<page<T>> list_records(const engine& store, const std::string& prefix,
                             const page_request& request, const filter<T>& matches) {
  page_collector<T> collector(request, matches);
  std::optional<error> failed;
  KP_CHECK(store.scan(prefix, prefix_end(prefix), request.order,
                      [&](std::string_view, std::string_view bytes) {
                        if (!collector.wants_record()) {
                          collector.skip();
                          return true;
                        }
                        auto record = decode<T>(bytes);
                        if (!record) {
                          failed = std::move(record).error();
                          return false;
                        }
                        collector.add(*std::move(record));
                        return true;
                      }));
  if (failed) return *std::move(failed);
  return std::move(collector).take();
}

struct entry {
  std::string key;
  std::string value;
};

// At most `limit` entries of [begin, end) from one scan.
result<std::vector<entry>> read_entries(const engine&, std::string_view begin, std::string_view end,
                                        scan_order, std::size_t limit);

// Calls `visit` for the entries of [begin, end) in order until it returns false. Unlike in
// engine::scan, `visit` may use the engine: entries are read in portions, each from one state.
// Portions begin small, because most walks end at the first entry.
result<void> walk(const engine&, std::string begin, std::string end, scan_order,
                  const std::function<result<bool>(const entry&)>& visit);

// The first entry of [begin, end), or nullopt.
result<std::optional<entry>> first_entry(const engine&, std::string_view begin,
                                         std::string_view end);

// A page of the records that the entries [begin, end) of an index point to: `record_key` makes a
// record's key from an index entry. An entry whose record is gone is passed over.
template <class T>
result<page<T>> list_indexed_range(const engine& store, std::string begin, std::string end,
                                   const page_request& request, const filter<T>& matches,
                                   const std::function<std::string(const entry&)>& record_key) {
  page_collector<T> collector(request, matches);
  KP_CHECK(walk(store, std::move(begin), std::move(end), request.order,
                [&](const entry& at) -> result<bool> {
                  if (!collector.wants_record()) {
                    collector.skip();
                    return true;
                  }
                  KP_TRY(auto record, find_record<T>(store, record_key(at)));
                  if (record) collector.add(*std::move(record));
                  return true;
                }));
  return std::move(collector).take();
}

// The same of all entries whose keys begin with `prefix`.
template <class T>
result<page<T>> list_indexed(const engine& store, const std::string& prefix,
                             const page_request& request, const filter<T>& matches,
                             const std::function<std::string(const entry&)>& record_key) {
  return list_indexed_range<T>(store, prefix, prefix_end(prefix), request, matches, record_key);
}

}  // namespace kp::storage
