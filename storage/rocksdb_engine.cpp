#include "config/crash_point.hpp"
#include "storage/big_endian.hpp"
#include "storage/checkpoint.hpp"
#include "storage/conditions.hpp"
#include "storage/engine.hpp"
#include "storage/engine_files.hpp"
#include "storage/rocksdb_log.hpp"
#include "storage/storage_error.hpp"
#include "storage/tombstone_compactor.hpp"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <mutex>
#include <unordered_map>

namespace kp::storage {
namespace {

// Keys below this one belong to the engine: organisation numbers begin at 1.
constexpr std::string_view first_user_key("\0\0\0\1", 4);
constexpr std::string_view format_key("\0\0\0\0format", 10);
constexpr std::uint64_t format_version = 1;
// -> the first sequence number of appended entries that is surely unused. Numbers are reserved in
// blocks, so that most commits need not write it.
constexpr std::string_view sequence_key("\0\0\0\0sequence", 12);
constexpr std::uint64_t sequence_block = 4096;

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
std::string_view view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

error failed(const rocksdb::Status& status, std::string_view doing) {
  const auto code = status.IsCorruption() ? storage_errc::corrupt : storage_errc::io;
  return permanent(code, fmt::format("the store failed while {}: {}", doing, status.ToString()));
}

class rocksdb_engine final : public engine, public checkpointed {
 public:
  rocksdb_engine(std::unique_ptr<rocksdb::DB> db, std::uint64_t next_sequence)
      : db_(std::move(db)),
        compactor_(std::make_unique<tombstone_compactor>(*db_)),
        next_sequence_(next_sequence),
        reserved_sequence_(next_sequence) {
    durable_.sync = true;
  }
  // One that is only read.
  explicit rocksdb_engine(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)), broken_(true) {}

  ~rocksdb_engine() override {
    compactor_.reset();
    // Close says what the destructor would swallow; everything acknowledged is in the synced log.
    [[maybe_unused]] const auto status = db_->Close();
  }

  result<std::optional<std::string>> get(std::string_view key) const override {
    std::string value;
    const auto status = db_->Get(rocksdb::ReadOptions(), slice(key), &value);
    if (status.ok()) return std::optional<std::string>(std::move(value));
    if (status.IsNotFound()) return std::optional<std::string>();
    return failed(status, "reading");
  }

  result<void> scan(std::string_view begin, std::string_view end, scan_order order,
                    const visitor& visit) const override {
    begin = std::max(begin, first_user_key);
    if (begin >= end) return {};
    const auto lower = slice(begin);
    const auto upper = slice(end);
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    const tombstone_count deleted;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
    if (order == scan_order::ascending) {
      for (at->Seek(lower); at->Valid(); at->Next())
        if (!visit(view(at->key()), view(at->value()))) break;
    } else {
      for (at->SeekToLast(); at->Valid(); at->Prev())
        if (!visit(view(at->key()), view(at->value()))) break;
    }
    if (!at->status().ok()) return failed(at->status(), "scanning");
    if (compactor_ && deleted.passed() > tombstone_compactor::worth_compacting)
      compactor_->ask(begin, end);
    return {};
  }

  std::vector<result<void>> commit(std::span<const batch> group) override {
    std::vector<result<void>> answers(group.size());
    const std::scoped_lock lock(writing_);
    if (broken_.load()) {
      for (auto& answer : answers) answer = read_only();
      return answers;
    }
    std::size_t bytes = 0;
    std::size_t count = 0;
    std::size_t judged = 0;        // batches before the last one that has conditions
    std::deque<std::string> keys;  // of what is appended
    for (std::size_t i = 0; i < group.size(); ++i) {
      const auto changes = group[i].changes().size() + group[i].appended().size();
      bytes += group[i].byte_size() + changes * per_change_overhead;
      count += changes;
      if (!group[i].conditions().empty()) judged = i;
    }
    overlay above;
    std::vector<placed> entries;
    entries.reserve(count);
    auto next = next_sequence_;
    for (std::size_t i = 0; i < group.size(); ++i) {
      answers[i] = judge_all(group[i], above);
      if (!answers[i]) continue;
      for (const auto& change : group[i].changes()) {
        entries.push_back({change.key, change.value ? &*change.value : nullptr, entries.size()});
        if (i < judged) above.insert_or_assign(change.key, &change.value);
      }
      for (const auto& each : group[i].appended()) {
        auto& key = keys.emplace_back(each.key_prefix);
        append_big_endian(key, next++);
        entries.push_back({key, &each.value, entries.size()});
      }
    }
    if (entries.empty()) return answers;
    rocksdb::WriteBatch all(bytes);
    if (const auto status = collect(entries, all); !status.ok()) {
      fail_passed(answers, answers.size(), failed(status, "collecting a group"));
      return answers;
    }
    // The reservation is in the same write as the first number of its block: none is used without.
    auto reserved = reserved_sequence_;
    while (reserved < next) reserved += sequence_block;
    auto status = rocksdb::Status::OK();
    if (reserved != reserved_sequence_)
      status = all.Put(slice(sequence_key), slice(to_big_endian(reserved)));
    crash_point("before-sync");
    if (status.ok()) status = db_->Write(durable_, &all);
    if (!status.ok()) {
      // After a failed sync the kernel may have dropped the pages: nothing can be promised.
      broken_.store(true);
      fail_passed(answers, answers.size(), failed(status, "writing"));
      return answers;
    }
    crash_point("after-sync");
    next_sequence_ = next;
    reserved_sequence_ = reserved;
    return answers;
  }

  result<void> erase_range(std::string_view begin, std::string_view end) override {
    begin = std::max(begin, first_user_key);
    if (begin >= end) return {};
    {
      const std::scoped_lock lock(writing_);
      if (broken_.load()) return read_only();
      const auto status =
          db_->DeleteRange(durable_, db_->DefaultColumnFamily(), slice(begin), slice(end));
      if (!status.ok()) {
        broken_.store(true);
        return failed(status, "erasing a range");
      }
    }
    // The entries are gone for every reader. Compaction also takes them off the disk; should it
    // fail, a later one will do that.
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    const auto lower = slice(begin);
    const auto upper = slice(end);
    [[maybe_unused]] const auto status = db_->CompactRange(options, &lower, &upper);
    return {};
  }

  result<void> checkpoint(const std::string& folder) override {
    rocksdb::Checkpoint* made = nullptr;
    auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> owned(made);
    if (status.ok()) status = made->CreateCheckpoint(folder);
    if (!status.ok()) return failed(status, "writing a checkpoint");
    return {};
  }

 private:
  static constexpr std::size_t per_change_overhead = 12;  // tag and two lengths
  // What the accepted batches of a group have changed; points into the group.
  using overlay = std::unordered_map<std::string_view, const std::optional<std::string>*>;

  static error read_only() {
    return permanent(
        storage_errc::read_only,
        "the store is read only: a write has failed (look at the disk, then restart), or "
        "it was opened to be read");
  }

  static void fail_passed(std::vector<result<void>>& answers, std::size_t count, const error& why) {
    for (std::size_t i = 0; i < count; ++i)
      if (answers[i]) answers[i] = why;
    for (std::size_t i = count; i < answers.size(); ++i) answers[i] = why;
  }

  // An entry of a group; without a value it is erased.
  struct placed {
    std::string_view key;
    const std::string* value;
    std::size_t order;
  };

  // In the order of their keys, which spares the memtable most of its searching: neighbours of a
  // group are neighbours there. Of several changes of one key the last one counts.
  static rocksdb::Status collect(std::vector<placed>& entries, rocksdb::WriteBatch& all) {
    std::ranges::sort(entries, [](const placed& a, const placed& b) {
      const auto order = a.key <=> b.key;
      return order == 0 ? a.order < b.order : order < 0;
    });
    auto status = rocksdb::Status::OK();
    for (std::size_t i = 0; i < entries.size() && status.ok(); ++i) {
      const auto& [key, value, order] = entries[i];
      if (i + 1 < entries.size() && entries[i + 1].key == key) continue;
      status = value ? all.Put(slice(key), slice(*value)) : all.Delete(slice(key));
    }
    return status;
  }

  result<void> judge_all(const batch& b, const overlay& above) const {
    for (const auto& wanted : b.conditions()) {
      if (const auto found = above.find(wanted.key); found != above.end()) {
        KP_CHECK(judge(wanted, *found->second ? std::optional<std::string_view>(**found->second)
                                              : std::nullopt));
        continue;
      }
      rocksdb::PinnableSlice stored;
      const auto status =
          db_->Get(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), slice(wanted.key), &stored);
      if (!status.ok() && !status.IsNotFound()) return failed(status, "checking a precondition");
      KP_CHECK(judge(wanted,
                     status.ok() ? std::optional<std::string_view>(view(stored)) : std::nullopt));
    }
    return {};
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<tombstone_compactor> compactor_;
  rocksdb::WriteOptions durable_;
  std::mutex writing_;
  std::uint64_t next_sequence_ = 0;      // under writing_
  std::uint64_t reserved_sequence_ = 0;  // under writing_
  std::atomic<bool> broken_{false};
};

rocksdb::Options make_options(const rocksdb_options& wanted) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = wanted.write_buffer_bytes;
  options.max_background_jobs = 2;
  // Most gets ask whether something exists that does not: spare them the walk through the memtable.
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = 0.02;
  options.max_total_wal_size = 256u << 20;
  // A flushed table reaches the disk little by little, not in one go that the log's syncs wait for.
  options.bytes_per_sync = 1u << 20;
  options.stats_dump_period_sec = 0;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.info_log = make_rocksdb_log();
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(wanted.block_cache_bytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// Whether the store has a format version. Errors: one that this build does not know.
result<bool> knows_format(rocksdb::DB& db, const std::string& path) {
  std::string stored;
  const auto status = db.Get(rocksdb::ReadOptions(), slice(format_key), &stored);
  if (status.IsNotFound()) return false;
  if (!status.ok()) return failed(status, "reading the format version");
  const auto version = from_big_endian<std::uint64_t>(stored);
  if (!version)
    return permanent(storage_errc::corrupt,
                     fmt::format("{}: the store's format version cannot be read", path));
  if (*version > format_version)
    return permanent(
        storage_errc::unknown_format,
        fmt::format("{}: the store has format version {}, and this program knows versions up to "
                    "{}. It has been written by a newer Knutepunkt; start that one, or restore a "
                    "backup from before the upgrade",
                    path, *version, format_version));
  return true;
}

// A new store gets this build's format version; an older build must not touch what it cannot read.
result<void> settle_format(rocksdb::DB& db, const std::string& path) {
  KP_TRY(const bool known, knows_format(db, path));
  if (known) return {};
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(rocksdb::ReadOptions()));
  at->SeekToFirst();
  if (at->Valid())
    return permanent(storage_errc::corrupt,
                     fmt::format("{}: holds data but no format version; this is no store of "
                                 "Knutepunkt. Give another directory",
                                 path));
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto written = db.Put(durable, slice(format_key), to_big_endian(format_version));
  if (!written.ok()) return failed(written, "writing the format version");
  return {};
}

// What was given out of the last block before a crash is unknown: begin behind the block.
result<std::uint64_t> first_unused_sequence(rocksdb::DB& db, const std::string& path) {
  std::string stored;
  const auto status = db.Get(rocksdb::ReadOptions(), slice(sequence_key), &stored);
  if (status.IsNotFound()) return std::uint64_t{1};
  if (!status.ok()) return failed(status, "reading the sequence");
  const auto value = from_big_endian<std::uint64_t>(stored);
  if (!value || *value == 0)
    return permanent(storage_errc::corrupt,
                     fmt::format("{}: the store's sequence cannot be read", path));
  return *value;
}

}  // namespace

result<std::unique_ptr<engine>> open_rocksdb_engine(const rocksdb_options& options,
                                                    rocksdb::Env& files) {
  std::error_code code;
  std::filesystem::create_directories(options.path, code);
  if (code)
    return permanent(storage_errc::io, fmt::format("{}: cannot make the directory: {}",
                                                   options.path, code.message()));
  rocksdb::DB* raw = nullptr;
  auto how = make_options(options);
  how.env = &files;
  const auto status = rocksdb::DB::Open(how, options.path, &raw);
  if (!status.ok())
    return with_context(failed(status, "opening (does another process have it open?)"),
                        options.path);
  crash_point("opening");
  std::unique_ptr<rocksdb::DB> db(raw);
  KP_CHECK(settle_format(*db, options.path));
  KP_TRY(const auto next_sequence, first_unused_sequence(*db, options.path));
  return std::unique_ptr<engine>(std::make_unique<rocksdb_engine>(std::move(db), next_sequence));
}

result<std::unique_ptr<engine>> open_rocksdb_engine(const rocksdb_options& options) {
  return open_rocksdb_engine(options, *rocksdb::Env::Default());
}

result<std::unique_ptr<engine>> open_rocksdb_engine_to_read(const rocksdb_options& options) {
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(make_options(options), options.path, &raw);
  if (!status.ok()) return with_context(failed(status, "opening to read"), options.path);
  std::unique_ptr<rocksdb::DB> db(raw);
  KP_TRY(const bool known, knows_format(*db, options.path));
  if (!known)
    return permanent(storage_errc::corrupt,
                     fmt::format("{}: this is no store of Knutepunkt", options.path));
  return std::unique_ptr<engine>(std::make_unique<rocksdb_engine>(std::move(db)));
}

}  // namespace kp::storage
