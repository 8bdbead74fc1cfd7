#include "config/random.hpp"
#include "storage/backup.hpp"
#include "storage/backup_contents.hpp"
#include "storage/keys.hpp"
#include "storage/posix_file.hpp"
#include "storage/sealing.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

namespace kp::storage {

namespace fs = std::filesystem;

namespace {

class proving {
 public:
  proving(const std::string& folder, const std::string& master_key)
      : folder_(folder), master_key_(master_key) {}

  result<backup_report> run() {
    KP_TRY(report_.manifest, read_manifest(folder_.string()));
    rocksdb_options options;
    options.path = (folder_ / engine_folder).string();
    KP_TRY(const auto store, open_rocksdb_engine_to_read(options));
    KP_CHECK(store->scan(organisation_begin(hub_itself), end_of_keys, scan_order::ascending,
                         [this](auto key, auto value) {
                           ++report_.records;
                           report_.record_bytes += key.size() + value.size();
                           return true;
                         }));
    const std::shared_ptr<random_source> random = make_secure_random();
    data_keys keys(*store, master_key_, random);
    KP_TRY(const auto files, blobs::open(*store, (folder_ / blobs_folder).string(), keys, random));
    KP_TRY(const auto everybody, organisations_in(*store));
    for (const auto whose : everybody) KP_CHECK(read_contents(*store, *files, whose));
    if (files_ != report_.manifest.files)
      return permanent(storage_errc::corrupt,
                       fmt::format("{}: there are {} files of stored content on record, and {} in "
                                   "the manifest",
                                   folder_.string(), files_, report_.manifest.files));
    return report_;
  }

 private:
  result<void> read_contents(const engine& store, blobs& files, organisation_id whose) {
    for (std::string last;;) {
      KP_TRY(const auto some, contents_after(store, whose, last));
      if (some.empty()) return {};
      for (const auto& one : some) {
        const auto fine = read(files, whose, one);
        if (!fine)
          return with_context(fine.error(), fmt::format("stored content {} of organisation {}",
                                                        one.id, whose.to_string()));
        if (!one.record.in_engine) ++files_;
      }
      last = some.back().id;
    }
  }

  // To its end: every piece is authenticated as it is read.
  result<void> read(blobs& files, organisation_id whose, const kept_content& one) {
    KP_TRY(const auto content, files.open(whose, {one.id, one.record.size, one.record.sha256}));
    sha256_digest digest;
    std::uint64_t at = 0;
    while (at < one.record.size) {
      KP_TRY(const auto count, content->read_at(at, buffer_));
      if (count == 0) return permanent(storage_errc::corrupt, "it ends too early");
      KP_CHECK(digest.update(std::string_view(buffer_.data(), count)));
      at += count;
    }
    KP_TRY(const auto found, digest.finish());
    if (found != one.record.sha256)
      return permanent(storage_errc::corrupt, "it is not what its digest says");
    ++report_.contents;
    report_.content_bytes += one.record.size;
    return {};
  }

  const fs::path folder_;
  const std::string& master_key_;
  std::vector<char> buffer_ = std::vector<char>(blobs::chunk);
  std::uint64_t files_ = 0;
  backup_report report_;
};

// Copies, no links: the engine goes on writing into some of its files.
result<void> copy_all(const fs::path& from, const fs::path& to) {
  KP_CHECK(make_directories(to.string()));
  std::error_code code;
  for (auto at = fs::directory_iterator(from, code); !code && at != fs::directory_iterator();
       at.increment(code)) {
    const auto target = to / at->path().filename();
    KP_CHECK(at->is_directory() ? copy_all(at->path(), target)
                                : copy_file(at->path().string(), target.string()));
  }
  if (code) return io_failure(from, code);
  return sync_directory(to.string());
}

result<void> put_back(const fs::path& backup, const fs::path& store) {
  const auto unfinished = store / "engine.restoring";
  std::error_code code;
  fs::remove_all(unfinished, code);
  if (code) return io_failure(unfinished, code);
  KP_CHECK(copy_all(backup / blobs_folder, store / blobs_folder));
  KP_CHECK(copy_all(backup / engine_folder, unfinished));
  fs::rename(unfinished, store / engine_folder, code);
  if (code) return io_failure(store / engine_folder, code);
  return sync_directory(store.string());
}

}  // namespace

result<backup_report> verify_backup(const std::string& folder, const std::string& master_key) {
  return proving(folder, master_key).run();
}

result<void> restore_backup(const std::string& folder, const std::string& storage_path) {
  KP_TRY([[maybe_unused]] const auto manifest, read_manifest(folder));
  const fs::path store = storage_path;
  std::error_code code;
  for (const auto name : {engine_folder, blobs_folder})
    if (fs::exists(store / name, code) && !fs::is_empty(store / name, code))
      return permanent(
          storage_errc::io,
          fmt::format("{} is there: a backup is restored to where no store is. Move it "
                      "away first",
                      (store / name).string()));
  KP_CHECK(make_directories(store.string()));
  const auto done = put_back(folder, store);
  // Content without an engine would be in the way of the next attempt.
  if (!done) fs::remove_all(store / blobs_folder, code);
  return done;
}

}  // namespace kp::storage
