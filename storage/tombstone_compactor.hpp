#pragma once

#include <rocksdb/db.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace kp::storage {

// Compacts ranges in which a scan has passed many deleted entries. Queues and indexes by time lose
// their entries at the front, and until a compaction every scan from the front walks over what is
// left of them: 100 ms for 100 000. One range at a time, on a thread of its own; what is asked
// while it is busy or resting is dropped, for the next scan will ask again.
class tombstone_compactor {
 public:
  static constexpr std::uint64_t worth_compacting = 8192;  // deleted entries passed by one scan
  static constexpr std::chrono::seconds rest{5};           // between two compactions

  explicit tombstone_compactor(rocksdb::DB& db);
  ~tombstone_compactor();  // cuts a running compaction short
  tombstone_compactor(const tombstone_compactor&) = delete;
  tombstone_compactor& operator=(const tombstone_compactor&) = delete;

  void ask(std::string_view begin, std::string_view end);

 private:
  struct range {
    std::string begin;
    std::string end;
  };
  void run(const std::stop_token& stop);

  rocksdb::DB& db_;
  std::mutex mutex_;
  std::condition_variable_any asked_;
  std::optional<range> next_;
  bool busy_ = false;
  std::jthread thread_;
};

// Counts the deleted entries that this thread passes over in its lifetime.
class tombstone_count {
 public:
  tombstone_count();
  std::uint64_t passed() const;

 private:
  std::uint64_t before_;
};

}  // namespace kp::storage
