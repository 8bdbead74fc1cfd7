#include "storage/blob_format.hpp"
#include "storage/posix_file.hpp"
#include "storage/storage_error.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>
#include <mutex>

namespace kp::storage {
namespace {

class blob_file final : public random_access_source {
 public:
  blob_file(file_descriptor file, std::string path, blob_layout layout, chunk_cipher cipher)
      : file_(std::move(file)),
        path_(std::move(path)),
        layout_(layout),
        cipher_(std::move(cipher)) {}

  std::uint64_t size() const override { return layout_.size; }

  result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    if (offset >= layout_.size) return std::size_t{0};
    out = out.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), layout_.size - offset)));
    std::size_t filled = 0;
    const std::scoped_lock lock(mutex_);
    while (filled < out.size()) {
      const auto number = (offset + filled) / layout_.chunk;
      KP_CHECK(load(number));
      const auto inside = static_cast<std::size_t>((offset + filled) % layout_.chunk);
      const auto count = std::min(out.size() - filled, layout_.plain_size_of(number) - inside);
      std::memcpy(out.data() + filled, buffer_.data() + inside, count);
      filled += count;
    }
    return filled;
  }

 private:
  result<void> load(std::uint64_t number) const {
    if (loaded_ == number) return {};
    loaded_.reset();
    const auto plain = layout_.plain_size_of(number);
    buffer_.resize(plain + gcm_tag_size);
    KP_TRY(const auto count, read_fully(file_, layout_.offset_of(number), buffer_, path_));
    if (count < buffer_.size())
      return permanent(storage_errc::corrupt, path_ + ": the file has been cut short");
    const auto opened = cipher_.unseal(number, number + 1 == layout_.chunks(), buffer_);
    if (!opened) return with_context(opened.error(), path_);
    loaded_ = number;
    return {};
  }

  const file_descriptor file_;
  const std::string path_;
  const blob_layout layout_;
  const chunk_cipher cipher_;
  mutable std::mutex mutex_;
  mutable std::string buffer_;
  mutable std::optional<std::uint64_t> loaded_;
};

}  // namespace

result<std::shared_ptr<random_access_source>> open_blob_bytes(std::string sealed,
                                                              const blob_record& record,
                                                              const chunk_cipher& cipher) {
  KP_TRY(const auto size, cipher.unseal(0, true, sealed));
  if (size != record.size)
    return permanent(storage_errc::corrupt, "stored content has another size than its record says");
  sealed.resize(size);
  return std::shared_ptr<random_access_source>(
      std::make_shared<string_random_access>(std::move(sealed)));
}

result<std::shared_ptr<random_access_source>> open_blob_file(const std::string& path,
                                                             organisation_id organisation,
                                                             std::string_view id,
                                                             const blob_record& record,
                                                             std::string_view data_key) {
  KP_TRY(auto file, open_file(path, O_RDONLY));
  std::string head(blob_header_size, '\0');
  KP_TRY(const auto count, read_fully(file, 0, head, path));
  head.resize(count);
  const auto header = decode_blob_header(head);
  if (!header) return with_context(header.error(), path);
  if (header->organisation != organisation || header->id != id)
    return permanent(storage_errc::corrupt, path + ": the file holds other content");
  const blob_layout layout{record.size, header->chunk};
  struct stat status{};
  if (::fstat(file.number(), &status) != 0) return file_failure("looking at", path);
  if (static_cast<std::uint64_t>(status.st_size) != layout.file_size())
    return permanent(storage_errc::corrupt,
                     path + ": the file has not the size it was written with");
  KP_TRY(auto cipher, chunk_cipher::make(data_key, *header));
  return std::shared_ptr<random_access_source>(
      std::make_shared<blob_file>(std::move(file), path, layout, std::move(cipher)));
}

}  // namespace kp::storage
