#include "protocol/zip/zip.hpp"

#include "config/text.hpp"
#include "protocol/zip/libzip.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace kp::zip {

namespace {

using namespace detail;

constexpr int usual_effort = 6;  // zlib's own default
constexpr int least_effort = 1;

// Where the archive goes. libzip writes 8 kB at a time and steps back once per entry to complete
// its header; the buffer spares the spool the small writes.
class destination final : public callback_source {
 public:
  destination(std::shared_ptr<spool> to, first_failure& failed)
      : to_(std::move(to)), failed_(failed) {}

  zip_int64_t run(void* data, std::uint64_t length, zip_source_cmd_t command) override {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_WRITABLE;
      case ZIP_SOURCE_STAT: {
        auto* stat = ZIP_SOURCE_GET_ARGS(zip_stat_t, data, length, &error_.value);
        if (stat == nullptr) return -1;
        zip_stat_init(stat);
        stat->size = 0;
        stat->valid |= ZIP_STAT_SIZE;
        return 0;
      }
      case ZIP_SOURCE_READ:
        return 0;  // nothing is in it before we write
      case ZIP_SOURCE_WRITE:
        return write(span_of(data, length));
      case ZIP_SOURCE_SEEK_WRITE: {
        const auto to = zip_source_seek_compute_offset(at_, end_, data, length, &error_.value);
        if (to < 0 || !flush()) return -1;
        at_ = static_cast<std::uint64_t>(to);
        return 0;
      }
      case ZIP_SOURCE_TELL_WRITE:
        return static_cast<zip_int64_t>(at_);
      case ZIP_SOURCE_COMMIT_WRITE:
        return flush() ? 0 : -1;
      case ZIP_SOURCE_ERROR:
        return report(data, length);
      default:
        return 0;  // opening, closing and the like need nothing
    }
  }

 private:
  zip_int64_t write(std::span<const char> bytes) {
    if (buffer_.size() + bytes.size() > stream_chunk && !flush()) return -1;
    buffer_.append(bytes.data(), bytes.size());
    at_ += bytes.size();
    end_ = std::max(end_, at_);
    return static_cast<zip_int64_t>(bytes.size());
  }

  bool flush() {
    if (buffer_.empty()) return true;
    auto written = to_->write_at(at_ - buffer_.size(), buffer_);
    buffer_.clear();
    if (written) return true;
    failed_.keep(std::move(written).error());
    fail(ZIP_ER_WRITE);
    return false;
  }

  std::shared_ptr<spool> to_;
  first_failure& failed_;
  std::string buffer_;  // what precedes at_ and is not in the spool yet
  std::uint64_t at_ = 0;
  std::uint64_t end_ = 0;
};

// What one entry is read from. libzip asks for the size before it opens.
class content final : public callback_source {
 public:
  content(entry from, first_failure& failed) : entry_(std::move(from)), failed_(failed) {}

  zip_int64_t run(void* data, std::uint64_t length, zip_source_cmd_t command) override {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                              -1);
      case ZIP_SOURCE_STAT: {
        auto* stat = ZIP_SOURCE_GET_ARGS(zip_stat_t, data, length, &error_.value);
        if (stat == nullptr || !prepare()) return -1;
        zip_stat_init(stat);
        if (size_) {
          stat->size = *size_;
          stat->valid |= ZIP_STAT_SIZE;
        }
        return 0;
      }
      case ZIP_SOURCE_OPEN:
        return prepare() ? 0 : -1;
      case ZIP_SOURCE_READ:
        return read(span_of(data, length));
      case ZIP_SOURCE_CLOSE:
        source_.reset();
        buffer_ = {};
        used_ = filled_ = 0;
        return 0;
      case ZIP_SOURCE_ERROR:
        return report(data, length);
      default:
        return 0;
    }
  }

 private:
  bool prepare() {
    if (prepared_) return !error_set_;
    prepared_ = true;
    auto opened = entry_.open();
    if (!opened) return refuse(std::move(opened).error());
    source_ = *std::move(opened);
    size_ = entry_.size_hint;
    buffer_.resize(peek_bytes);
    while (filled_ < buffer_.size()) {
      auto count = source_->read(std::span(buffer_).subspan(filled_));
      if (!count) return refuse(std::move(count).error());
      if (*count == 0) {
        size_ = filled_;
        ended_ = true;
        break;
      }
      filled_ += *count;
    }
    return true;
  }

  zip_int64_t read(std::span<char> into) {
    if (used_ == filled_ && !ended_) {
      used_ = filled_ = 0;
      auto count = source_->read(buffer_);
      if (!count) {
        refuse(std::move(count).error());
        return -1;
      }
      ended_ = *count == 0;
      filled_ = *count;
    }
    const auto count = std::min(into.size(), filled_ - used_);
    std::memcpy(into.data(), buffer_.data() + used_, count);
    used_ += count;
    return static_cast<zip_int64_t>(count);
  }

  bool refuse(error e) {
    error_set_ = true;
    failed_.keep(with_context(std::move(e), entry_.name));
    fail(ZIP_ER_READ);
    return false;
  }

  entry entry_;
  first_failure& failed_;
  std::unique_ptr<byte_source> source_;
  std::optional<std::uint64_t> size_;
  std::string buffer_;
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
  bool prepared_ = false;
  bool ended_ = false;
  bool error_set_ = false;
};

struct discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

error bad_entry(const std::string& name, const char* why) {
  return permanent(crypto_errc::bad_format, "zip entry \"" + name + "\" " + why);
}

result<void> add(zip_t* archive, entry& each, std::vector<std::unique_ptr<content>>& kept,
                 first_failure& failed) {
  if (each.name.empty() || each.name.size() > std::numeric_limits<std::uint16_t>::max() ||
      each.name.find('\0') != std::string::npos || !is_utf8(each.name))
    return bad_entry(each.name, "has a name that cannot be written");
  const auto name = each.name;
  const bool stored = each.stored;
  const int effort = each.incompressible ? least_effort : usual_effort;
  kept.push_back(std::make_unique<content>(std::move(each), failed));
  scoped_error reason;
  zip_source_t* source = zip_source_function_create(run_callback, kept.back().get(), &reason.value);
  if (source == nullptr) return failure("writing a zip", &reason.value, failed);
  const auto index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    if (zip_error_code_zip(zip_get_error(archive)) == ZIP_ER_EXISTS)
      return bad_entry(name, "is there twice");
    return failure("writing a zip", zip_get_error(archive), failed);
  }
  if (zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                               stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE,
                               static_cast<zip_uint32_t>(stored ? 0 : effort)) != 0)
    return failure("writing a zip", zip_get_error(archive), failed);
  return {};
}

}  // namespace

result<void> write(const std::shared_ptr<spool>& to, std::vector<entry> entries,
                   const std::string& comment) {
  if (entries.empty()) return permanent(crypto_errc::bad_format, "a zip needs at least one entry");
  if (comment.size() > std::numeric_limits<std::uint16_t>::max())
    return permanent(crypto_errc::bad_format, "a zip comment holds at most 65535 bytes");
  first_failure failed;
  destination end(to, failed);
  std::vector<std::unique_ptr<content>> contents;  // outlive the archive
  scoped_error reason;
  zip_source_t* target = zip_source_function_create(run_callback, &end, &reason.value);
  if (target == nullptr) return failure("writing a zip", &reason.value, failed);
  std::unique_ptr<zip_t, discard> archive(
      zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &reason.value));
  if (!archive) {
    zip_source_free(target);
    return failure("writing a zip", &reason.value, failed);
  }
  for (auto& each : entries) KP_CHECK(add(archive.get(), each, contents, failed));
  if (!comment.empty()) {
    const auto length = static_cast<zip_uint16_t>(comment.size());
    if (zip_set_archive_comment(archive.get(), comment.data(), length) != 0 ||
        zip_file_set_comment(archive.get(), 0, comment.data(), length, 0) != 0)
      return failure("writing a zip", zip_get_error(archive.get()), failed);
  }
  if (zip_close(archive.get()) != 0)
    return failure("writing a zip", zip_get_error(archive.get()), failed);
  (void)archive.release();  // zip_close has freed it
  return {};
}

}  // namespace kp::zip
