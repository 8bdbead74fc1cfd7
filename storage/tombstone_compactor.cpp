#include "storage/tombstone_compactor.hpp"

#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

namespace kp::storage {

tombstone_compactor::tombstone_compactor(rocksdb::DB& db)
    : db_(db), thread_([this](const std::stop_token& stop) { run(stop); }) {}

tombstone_compactor::~tombstone_compactor() {
  thread_.request_stop();
  db_.DisableManualCompaction();
  thread_.join();
}

void tombstone_compactor::ask(std::string_view begin, std::string_view end) {
  const std::scoped_lock lock(mutex_);
  if (busy_ || next_) return;
  next_ = range{std::string(begin), std::string(end)};
  asked_.notify_one();
}

void tombstone_compactor::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (asked_.wait(lock, stop, [this] { return next_.has_value(); })) {
    const auto now = *std::move(next_);
    next_.reset();
    busy_ = true;
    lock.unlock();
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    // A file that merely moves to the lowest level keeps its deleted entries.
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    const rocksdb::Slice lower(now.begin);
    const rocksdb::Slice upper(now.end);
    // Nothing depends on it; when it fails, scans stay slow and ask again.
    [[maybe_unused]] const auto status = db_.CompactRange(options, &lower, &upper);
    lock.lock();
    asked_.wait_for(lock, stop, rest, [] { return false; });
    busy_ = false;
  }
}

tombstone_count::tombstone_count() {
  if (rocksdb::GetPerfLevel() < rocksdb::kEnableCount) rocksdb::SetPerfLevel(rocksdb::kEnableCount);
  before_ = rocksdb::get_perf_context()->internal_delete_skipped_count;
}

std::uint64_t tombstone_count::passed() const {
  return rocksdb::get_perf_context()->internal_delete_skipped_count - before_;
}

}  // namespace kp::storage
