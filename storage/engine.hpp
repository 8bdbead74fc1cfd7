#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kp::storage {

// Changes that happen together or not at all, and what must hold for them to happen.
class batch {
 public:
  void put(std::string key, std::string value);
  void erase(std::string key);
  // Puts an entry whose key the engine completes at commit: `key_prefix` and then a sequence number
  // (u64, big-endian) that rises strictly in the order of commits over the whole store, beginning
  // at 1, and is never given twice, also not after a crash. Numbers may be left out.
  void append(std::string key_prefix, std::string value);
  // Everything that `other` changes, appends and requires, as well.
  void include(const batch& other);

  // Preconditions; all are evaluated against the state before this batch's own changes.
  void require_absent(std::string key);
  void require_present(std::string key);
  void require_value(std::string key, std::string value);  // compare and set
  // The lease at `lease_key` (storage/lease.hpp) still carries this fencing number.
  void require_fence(std::string lease_key, std::uint64_t fence);

  bool empty() const { return changes_.empty() && appended_.empty() && conditions_.empty(); }
  std::size_t byte_size() const { return byte_size_; }  // of keys and values to be written

  struct change {
    std::string key;
    std::optional<std::string> value;  // nullopt erases
  };
  struct appendage {
    std::string key_prefix;
    std::string value;
  };
  enum class condition_kind : std::uint8_t { absent, present, value, fence };
  struct condition {
    condition_kind kind;
    std::string key;
    std::string value;
    std::uint64_t fence = 0;
  };
  const std::vector<change>& changes() const { return changes_; }
  const std::vector<appendage>& appended() const { return appended_; }
  const std::vector<condition>& conditions() const { return conditions_; }

 private:
  std::vector<change> changes_;
  std::vector<appendage> appended_;
  std::vector<condition> conditions_;
  std::size_t byte_size_ = 0;
};

enum class scan_order { ascending, descending };

// An ordered key-value store with atomic, durable commits. Keys and values are bytes; keys are
// ordered as unsigned bytes; those below 00 00 00 01 belong to the engine. get and scan may be called
// from any thread; commit from one at a time.
class engine {
 public:
  virtual ~engine() = default;

  virtual result<std::optional<std::string>> get(std::string_view key) const = 0;

  // Calls `visit` for every entry with begin <= key < end, from one consistent state, until it
  // returns false. The views live only during the call, in which `visit` may not use the engine.
  using visitor = std::function<bool(std::string_view key, std::string_view value)>;
  virtual result<void> scan(std::string_view begin, std::string_view end, scan_order order,
                            const visitor& visit) const = 0;

  // Commits a group: each batch is judged and applied in turn (a later one sees the earlier ones),
  // then all that passed are made durable with one synced write. Returns one result per batch, in
  // order: success means durable. precondition_failed and fenced concern that batch alone. A write
  // or sync error fails every batch of the group that had passed, and every later commit with
  // storage_errc::read_only: after a failed sync nothing can be promised.
  virtual std::vector<result<void>> commit(std::span<const batch> group) = 0;

  // Removes every entry with begin <= key < end, durably. For deleting whole record kinds or whole
  // organisations; not atomic with any batch.
  virtual result<void> erase_range(std::string_view begin, std::string_view end) = 0;
};

// The oracle: an ordered map in memory.
std::unique_ptr<engine> make_memory_engine();

struct rocksdb_options {
  std::string path;                                   // directory, made when absent
  std::size_t write_buffer_bytes = 64u << 20;
  std::size_t block_cache_bytes = 32u << 20;
};
// Errors: io, corrupt, unknown_format (format version in the store is newer than this build's).
result<std::unique_ptr<engine>> open_rocksdb_engine(const rocksdb_options& options);

}  // namespace kp::storage
