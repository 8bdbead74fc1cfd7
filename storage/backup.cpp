#include "storage/backup.hpp"

#include "storage/backup_contents.hpp"
#include "storage/posix_file.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>

namespace kp::storage {

namespace fs = std::filesystem;

namespace {

result<void> link_or_copy(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  const int why = errno;
  if (why == ENOENT)
    return permanent(storage_errc::corrupt,
                     from + ": the store speaks of this file, but it is not there");
  if (why != EXDEV && why != EPERM && why != EMLINK && why != EOPNOTSUPP)
    return file_failure("linking", from);
  return copy_file(from, to);
}

class making {
 public:
  making(const backup_source& source, std::string folder)
      : source_(source), folder_(std::move(folder)) {}

  result<backup_manifest> run(const clock& time) {
    const auto held = source_.files.hold();
    manifest_.program = KP_VERSION;
    manifest_.made = time.now();
    rocksdb_options copy;
    copy.path = (folder_ / engine_folder).string();
    KP_CHECK(source_.engine.checkpoint(copy.path));
    KP_TRY(const auto store, open_rocksdb_engine_to_read(copy));
    KP_CHECK(make_directories((folder_ / blobs_folder).string()));
    KP_TRY(const auto everybody, organisations_in(*store));
    for (const auto whose : everybody) KP_CHECK(copy_contents(*store, whose));
    KP_CHECK(write_manifest(folder_.string(), manifest_));
    return manifest_;
  }

 private:
  result<void> copy_contents(const engine& store, organisation_id whose) {
    for (std::string last;;) {
      KP_TRY(const auto some, contents_after(store, whose, last));
      if (some.empty()) return sync_folders();
      for (const auto& one : some)
        if (!one.record.in_engine) KP_CHECK(take(whose, one));
      last = some.back().id;
    }
  }

  result<void> take(organisation_id whose, const kept_content& one) {
    const auto to = blob_path((folder_ / blobs_folder).string(), whose, one.id);
    if (folders_.insert(parent_of(to)).second) KP_CHECK(make_directories(parent_of(to)));
    KP_CHECK(link_or_copy(blob_path(source_.blobs_directory, whose, one.id), to));
    ++manifest_.files;
    manifest_.file_bytes += one.record.size;
    return {};
  }

  // Those of one organisation: what was linked or copied there has a name now.
  result<void> sync_folders() {
    for (const auto& each : folders_) KP_CHECK(sync_directory(each));
    folders_.clear();
    return {};
  }

  const backup_source& source_;
  const fs::path folder_;
  std::set<std::string> folders_;
  backup_manifest manifest_;
};

}  // namespace

result<backup_manifest> make_backup(const backup_source& source, const std::string& folder,
                                    const clock& time) {
  const fs::path path = folder;
  if (!path.is_absolute())
    return permanent(storage_errc::io,
                     fmt::format("\"{}\" is no absolute path of a folder to be made", folder));
  std::error_code code;
  if (!fs::create_directory(path, code))
    return code ? io_failure(path, code)
                : permanent(storage_errc::io,
                            folder + ": it is there already; name a folder to be made");
  fs::permissions(path, fs::perms::owner_all, code);
  if (code) return io_failure(path, code);
  auto made = making(source, folder).run(time);
  if (!made) fs::remove_all(path, code);
  return made;
}

}  // namespace kp::storage
