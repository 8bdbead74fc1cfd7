#include "protocol/zip/zip.hpp"

#include "config/text.hpp"
#include "protocol/zip/libzip.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::zip {

namespace {

using namespace detail;

// The end record with the longest comment, read a few times over while libzip looks for it.
constexpr std::uint64_t directory_search_bytes = 1024 * 1024;

error too_large(const std::string& what) {
  return permanent(crypto_errc::too_large, what);
}

// Where the archive is read from. While it is opened, what may be read is bounded: the directory is
// the one thing libzip holds in memory.
class origin final : public callback_source {
 public:
  origin(std::shared_ptr<const random_access_source> from, std::uint64_t budget)
      : from_(std::move(from)), budget_(budget) {}

  void opened() { budget_.reset(); }
  first_failure failed;

  zip_int64_t run(void* data, std::uint64_t length, zip_source_cmd_t command) override {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_SEEKABLE;
      case ZIP_SOURCE_OPEN:
        at_ = 0;
        return 0;
      case ZIP_SOURCE_READ:
        return read(span_of(data, length));
      case ZIP_SOURCE_STAT: {
        auto* stat = ZIP_SOURCE_GET_ARGS(zip_stat_t, data, length, &error_.value);
        if (stat == nullptr) return -1;
        zip_stat_init(stat);
        stat->size = from_->size();
        stat->valid |= ZIP_STAT_SIZE;
        return 0;
      }
      case ZIP_SOURCE_SEEK: {
        const auto to =
            zip_source_seek_compute_offset(at_, from_->size(), data, length, &error_.value);
        if (to < 0) return -1;
        at_ = static_cast<std::uint64_t>(to);
        return 0;
      }
      case ZIP_SOURCE_TELL:
        return static_cast<zip_int64_t>(at_);
      case ZIP_SOURCE_ERROR:
        return report(data, length);
      default:
        return 0;
    }
  }

 private:
  zip_int64_t read(std::span<char> into) {
    if (into.empty()) return 0;
    if (budget_) {
      if (into.size() > *budget_) {
        failed.keep(too_large("the directory of the zip is too large"));
        return fail(ZIP_ER_READ);
      }
      *budget_ -= into.size();
    }
    auto count = from_->read_at(at_, into);
    if (!count) {
      failed.keep(std::move(count).error());
      return fail(ZIP_ER_READ);
    }
    at_ += *count;
    return static_cast<zip_int64_t>(*count);
  }

  std::shared_ptr<const random_access_source> from_;
  std::optional<std::uint64_t> budget_;
  std::uint64_t at_ = 0;
};

// Shared by the reader and the sources it hands out.
struct archive {
  std::unique_ptr<origin> from;  // outlives `opened`
  zip_t* opened = nullptr;
  limits bounds;
  std::uint64_t total_read = 0;

  archive() = default;
  archive(const archive&) = delete;
  archive& operator=(const archive&) = delete;
  ~archive() {
    if (opened) zip_discard(opened);
  }
};

class entry_source final : public byte_source {
 public:
  entry_source(std::shared_ptr<archive> of, zip_file_t* file, std::string name, std::uint64_t size)
      : archive_(std::move(of)), file_(file), name_(std::move(name)), size_(size) {}
  ~entry_source() override { zip_fclose(file_); }

  result<std::size_t> read(std::span<char> out) override {
    const auto count = zip_fread(file_, out.data(), out.size());
    if (count < 0)
      return failure("zip entry \"" + name_ + "\"", zip_file_get_error(file_),
                     archive_->from->failed);
    const auto got = static_cast<std::size_t>(count);
    read_ += got;
    archive_->total_read += got;
    if (read_ > size_ || (got == 0 && read_ < size_))
      return permanent(crypto_errc::bad_format,
                       "zip entry \"" + name_ + "\" is not as long as the directory says");
    if (archive_->total_read > archive_->bounds.max_total_bytes)
      return too_large("more unpacked from the zip than allowed");
    return got;
  }

 private:
  std::shared_ptr<archive> archive_;
  zip_file_t* file_;
  std::string name_;
  std::uint64_t size_;
  std::uint64_t read_ = 0;
};

class libzip_reader final : public reader {
 public:
  explicit libzip_reader(std::shared_ptr<archive> of) : archive_(std::move(of)) {}

  result<void> list() {
    const auto count = zip_get_num_entries(archive_->opened, 0);
    if (count < 0 || static_cast<std::uint64_t>(count) > archive_->bounds.max_entries)
      return too_large(fmt::format("{} entries in the zip; at most {} are read", count,
                                   archive_->bounds.max_entries));
    std::uint64_t total = 0;
    for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
      zip_stat_t stat;
      if (zip_stat_index(archive_->opened, i, 0, &stat) != 0)
        return failure("not a zip", zip_get_error(archive_->opened), archive_->from->failed);
      items_.push_back({name_of(i), stat.size, stat.comp_method == ZIP_CM_STORE});
      if (stat.size > archive_->bounds.max_total_bytes - total)
        return too_large("the zip unpacks to more than allowed");
      total += stat.size;
    }
    return {};
  }

  const std::vector<item>& items() const override { return items_; }

  result<std::unique_ptr<byte_source>> read(std::size_t index) override {
    zip_stat_t stat;
    if (index >= items_.size() || zip_stat_index(archive_->opened, index, 0, &stat) != 0)
      return permanent(crypto_errc::internal, "no such zip entry");
    const auto& name = items_[index].name;
    if (stat.size > archive_->bounds.max_entry_bytes)
      return too_large("zip entry \"" + name + "\" unpacks to more than allowed");
    if (stat.encryption_method != ZIP_EM_NONE ||
        (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE))
      return permanent(crypto_errc::unsupported, "zip entry \"" + name +
                                                     "\" is encrypted or neither stored nor "
                                                     "deflated");
    zip_file_t* file = zip_fopen_index(archive_->opened, index, 0);
    if (file == nullptr)
      return failure("zip entry \"" + name + "\"", zip_get_error(archive_->opened),
                     archive_->from->failed);
    return std::make_unique<entry_source>(archive_, file, name, stat.size);
  }

  std::optional<std::size_t> find(std::string_view name) const override {
    for (auto i = items_.size(); i-- > 0;)
      if (items_[i].name == name) return i;
    return std::nullopt;
  }

 private:
  // UTF-8 with or without the flag; what is not UTF-8 is taken for the code page of DOS.
  std::string name_of(zip_uint64_t index) const {
    const char* raw = zip_get_name(archive_->opened, index, ZIP_FL_ENC_RAW);
    if (raw == nullptr || is_utf8(raw)) return raw == nullptr ? "" : raw;
    const char* guessed = zip_get_name(archive_->opened, index, ZIP_FL_ENC_GUESS);
    return guessed == nullptr ? raw : guessed;
  }

  std::shared_ptr<archive> archive_;
  std::vector<item> items_;
};

}  // namespace

result<std::unique_ptr<reader>> reader::open(std::shared_ptr<const random_access_source> from,
                                             limits bounds) {
  // libzip would take it for an archive about to be made.
  if (from->size() == 0) return permanent(crypto_errc::bad_format, "not a zip: it is empty");
  const auto budget = directory_search_bytes + static_cast<std::uint64_t>(bounds.max_entries) *
                                                   bounds.max_entry_record_bytes;
  auto opening = std::make_shared<archive>();
  opening->from = std::make_unique<origin>(std::move(from), budget);
  opening->bounds = bounds;
  scoped_error reason;
  zip_source_t* source =
      zip_source_function_create(run_callback, opening->from.get(), &reason.value);
  if (source == nullptr) return failure("reading a zip", &reason.value, opening->from->failed);
  opening->opened = zip_open_from_source(source, ZIP_RDONLY, &reason.value);
  if (opening->opened == nullptr) {
    zip_source_free(source);
    return failure("not a zip", &reason.value, opening->from->failed);
  }
  opening->from->opened();
  auto made = std::make_unique<libzip_reader>(std::move(opening));
  KP_CHECK(made->list());
  return made;
}

}  // namespace kp::zip
