#include "storage/blobs.hpp"

#include "config/crash_point.hpp"
#include "config/text.hpp"
#include "storage/blob_format.hpp"
#include "storage/posix_file.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

namespace kp::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t id_bytes = 16;

error no_such_content(std::string_view id) {
  return permanent(storage_errc::not_found, fmt::format("there is no stored content {}", id));
}

class file_blobs final : public blobs {
 public:
  file_blobs(engine& store, std::string directory, data_keys& keys,
             std::shared_ptr<random_source> random)
      : store_(store), directory_(std::move(directory)), keys_(keys), random_(std::move(random)) {}

  result<std::unique_ptr<writer>> create(organisation_id organisation,
                                         const committer& write) override {
    KP_TRY(auto key, keys_.of(organisation, write));
    blob_header header{organisation, to_hex(random_->bytes(id_bytes))};
    auto cipher = chunk_cipher::make(key, header);
    wipe(key);
    if (!cipher) return std::move(cipher).error();
    return make_blob_writer(directory_, std::move(header), *std::move(cipher));
  }

  result<std::shared_ptr<random_access_source>> open(organisation_id organisation,
                                                     const blob_ref& ref) override {
    if (!is_blob_id(ref.id)) return no_such_content("with this id");
    KP_TRY(const auto bytes, store_.get(blob_key(organisation, ref.id)));
    if (!bytes) return no_such_content(ref.id);
    KP_TRY(const auto record, decode_blob_record(*bytes));
    if (record.size != ref.size || record.sha256 != ref.sha256)
      return permanent(storage_errc::corrupt,
                       fmt::format("stored content {} is not what is referred to", ref.id));
    KP_TRY(auto key, keys_.of(organisation, [&](batch) -> result<void> {
      return no_such_content(ref.id);  // without a data key nothing can have been stored
    }));
    auto opened = open_with(organisation, ref.id, record, key);
    wipe(key);
    return opened;
  }

  void remove(batch& b, organisation_id organisation, const blob_ref& ref) override {
    b.erase(blob_key(organisation, ref.id));
    // Which of the two places it has follows from the size, as in the writer.
    if (ref.size <= inline_limit) b.erase(blob_bytes_key(organisation, ref.id));
  }

  void release(organisation_id organisation, const blob_ref& ref) override {
    if (!is_blob_id(ref.id) || ref.size <= inline_limit) return;
    crash_point("record-gone-before-blob");
    ::unlink(blob_path(directory_, organisation, ref.id).c_str());
  }

  result<std::size_t> collect(std::chrono::seconds age) override {
    const auto oldest_kept = std::time(nullptr) - age.count();
    std::size_t removed = 0;
    std::error_code code;
    auto at = fs::recursive_directory_iterator(directory_, code);
    for (; !code && at != fs::recursive_directory_iterator(); at.increment(code)) {
      KP_TRY(const bool garbage, is_garbage(at->path(), oldest_kept));
      if (garbage && ::unlink(at->path().c_str()) == 0) ++removed;
    }
    if (code)
      return transient(storage_errc::io,
                       fmt::format("{}: listing failed: {}", directory_, code.message()));
    return removed;
  }

 private:
  result<std::shared_ptr<random_access_source>> open_with(organisation_id organisation,
                                                          const std::string& id,
                                                          const blob_record& record,
                                                          std::string_view key) const {
    if (!record.in_engine)
      return open_blob_file(blob_path(directory_, organisation, id), organisation, id, record, key);
    KP_TRY(auto sealed, store_.get(blob_bytes_key(organisation, id)));
    if (!sealed) return no_such_content(id);
    KP_TRY(const auto cipher, chunk_cipher::make(key, {organisation, id}));
    return open_blob_bytes(*std::move(sealed), record, cipher);
  }

  // Only what looks like a file of this store, <organisation>/<two digits>/<id>, is ever touched. A
  // young file may belong to a batch that is still to be committed.
  result<bool> is_garbage(const fs::path& path, std::time_t oldest_kept) const {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    if (status.st_mtime > oldest_kept) return false;
    const auto organisation =
        organisation_id::parse(path.parent_path().parent_path().filename().string());
    auto name = path.filename().string();
    const bool unfinished = name.ends_with(unfinished_suffix);
    if (unfinished) name.resize(name.size() - unfinished_suffix.size());
    if (!organisation || !is_blob_id(name)) return false;
    if (unfinished) return true;
    KP_TRY(const auto record, store_.get(blob_key(*organisation, name)));
    return !record;
  }

  engine& store_;
  const std::string directory_;
  data_keys& keys_;
  const std::shared_ptr<random_source> random_;
};

}  // namespace

result<std::unique_ptr<blobs>> blobs::open(engine& store, std::string directory, data_keys& keys,
                                           std::shared_ptr<random_source> random) {
  KP_CHECK(make_directories(directory));
  return std::unique_ptr<blobs>(
      std::make_unique<file_blobs>(store, std::move(directory), keys, std::move(random)));
}

}  // namespace kp::storage
