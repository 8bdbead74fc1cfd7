#include "config/crash_point.hpp"
#include "storage/blob_format.hpp"
#include "storage/posix_file.hpp"
#include "storage/storage_error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace kp::storage {
namespace {

// Dirty pages are pushed out while writing, so that the sync at the end is short and the page cache
// of a machine with many uploads stays clean.
constexpr std::uint64_t writeback_window = 16u << 20;

class blob_writer final : public blobs::writer {
 public:
  blob_writer(const std::string& directory, blob_header header, chunk_cipher cipher)
      : path_(blob_path(directory, header.organisation, header.id)),
        header_(std::move(header)),
        cipher_(std::move(cipher)) {}

  ~blob_writer() override {
    if (file_.is_open()) ::unlink(unfinished().c_str());
  }

  result<void> write(std::string_view bytes) override {
    if (completed_) return permanent(storage_errc::io, "content has been completed already");
    KP_CHECK(digest_.update(bytes));
    written_ += bytes.size();
    while (!bytes.empty()) {
      // A full chunk waits until more arrives: only then is it known not to be the last.
      if (plain_.size() == header_.chunk) KP_CHECK(flush(false));
      const auto part = bytes.substr(0, header_.chunk - plain_.size());
      plain_.append(part);
      bytes.remove_prefix(part.size());
    }
    return {};
  }

  std::uint64_t written() const override { return written_; }

  result<blob_ref> complete(batch& b) override {
    if (completed_) return permanent(storage_errc::io, "content has been completed already");
    completed_ = true;
    blob_record record;
    record.size = written_;
    KP_TRY(record.sha256, digest_.finish());
    record.in_engine = written_ <= blobs::inline_limit;
    if (record.in_engine) {
      std::string sealed;
      KP_CHECK(cipher_.seal(0, true, plain_, sealed));
      b.put(blob_bytes_key(header_.organisation, header_.id), std::move(sealed));
    } else {
      KP_CHECK(flush(true));
      KP_CHECK(make_durable());
    }
    b.put(blob_key(header_.organisation, header_.id), encode(record));
    std::string().swap(plain_);
    return blob_ref{header_.id, record.size, std::move(record.sha256)};
  }

 private:
  std::string unfinished() const { return path_ + std::string(unfinished_suffix); }

  result<void> flush(bool last) {
    if (!file_.is_open()) {
      KP_CHECK(make_directories(parent_of(path_)));
      KP_TRY(file_, open_file(unfinished(), O_CREAT | O_EXCL | O_RDWR));
      KP_CHECK(append(encode(header_)));
    }
    sealed_.clear();
    KP_CHECK(cipher_.seal(chunks_, last, plain_, sealed_));
    crash_point("in-blob");
    KP_CHECK(append(sealed_));
    plain_.clear();
    ++chunks_;
    return {};
  }

  result<void> append(std::string_view bytes) {
    KP_CHECK(write_fully(file_, file_size_, bytes, path_));
    file_size_ += bytes.size();
    if (file_size_ - pushed_ < writeback_window) return {};
    // Starts writing this window and waits for the one before. Merely a hint: the sync decides.
    const auto window = file_size_ - pushed_;
    ::sync_file_range(file_.number(), static_cast<off64_t>(pushed_), static_cast<off64_t>(window),
                      SYNC_FILE_RANGE_WRITE);
    if (pushed_ > waited_)
      ::sync_file_range(
          file_.number(), static_cast<off64_t>(waited_), static_cast<off64_t>(pushed_ - waited_),
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    waited_ = pushed_;
    pushed_ = file_size_;
    return {};
  }

  result<void> make_durable() {
    KP_CHECK(sync_data(file_, path_));
    crash_point("blob-before-rename");
    if (std::rename(unfinished().c_str(), path_.c_str()) != 0)
      return file_failure("renaming", unfinished());
    file_ = file_descriptor();
    crash_point("blob-without-record");
    return sync_directory(parent_of(path_));
  }

  const std::string path_;
  const blob_header header_;
  const chunk_cipher cipher_;
  sha256_digest digest_;
  std::string plain_;
  std::string sealed_;
  file_descriptor file_;
  std::uint64_t written_ = 0;
  std::uint64_t chunks_ = 0;
  std::uint64_t file_size_ = 0;
  std::uint64_t pushed_ = 0;
  std::uint64_t waited_ = 0;
  bool completed_ = false;
};

}  // namespace

std::unique_ptr<blobs::writer> make_blob_writer(const std::string& directory, blob_header header,
                                                chunk_cipher cipher) {
  return std::make_unique<blob_writer>(directory, std::move(header), std::move(cipher));
}

}  // namespace kp::storage
