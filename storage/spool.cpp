#include "config/text.hpp"
#include "storage/blobs.hpp"
#include "storage/posix_file.hpp"
#include "storage/sealing.hpp"
#include "storage/storage_error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>

namespace kp::storage {
namespace {

constexpr std::size_t step_size = 64 * 1024;

// A file without a name: it is gone when the process is.
result<file_descriptor> open_nameless(const std::string& directory) {
  const int number = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (number >= 0) return file_descriptor(number);
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
    return file_failure("making a spool", directory);
  // A file system that knows no O_TMPFILE.
  std::string name = directory + "/spool-XXXXXX";
  file_descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.is_open()) return file_failure("making a spool", directory);
  if (::unlink(name.c_str()) != 0) return file_failure("unlinking a spool", name);
  return file;
}

class file_spool final : public spool {
 public:
  file_spool(file_descriptor file, std::string directory, std::string key)
      : file_(std::move(file)), directory_(std::move(directory)), key_(std::move(key)) {}
  ~file_spool() override { wipe(key_); }

  std::uint64_t size() const override { return size_.load(); }

  result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    const auto end = size_.load();
    if (offset >= end) return std::size_t{0};
    out = out.first(std::min<std::uint64_t>(out.size(), end - offset));
    KP_TRY(const auto count, read_fully(file_, offset, out, directory_));
    if (count < out.size())
      return permanent(storage_errc::corrupt, directory_ + ": a spool has been cut short");
    KP_TRY(auto stream, ctr_stream::at(key_, offset));
    KP_CHECK(stream.apply({out.data(), out.size()}, out.data()));
    return count;
  }

  result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::scoped_lock lock(writing_);
    const auto end = size_.load();
    if (offset > end) KP_CHECK(fill_with_zeros(end, offset));
    KP_CHECK(write_encrypted(offset, bytes));
    size_.store(std::max(size_.load(), offset + bytes.size()));
    return {};
  }

 private:
  // What was never written reads as zeros, so they have to be there in encrypted form.
  result<void> fill_with_zeros(std::uint64_t from, std::uint64_t to) {
    const std::string zeros(std::min<std::uint64_t>(step_size, to - from), '\0');
    while (from < to) {
      const auto count = std::min<std::uint64_t>(zeros.size(), to - from);
      KP_CHECK(write_encrypted(from, std::string_view(zeros).substr(0, count)));
      from += count;
    }
    return {};
  }

  result<void> write_encrypted(std::uint64_t offset, std::string_view bytes) {
    KP_TRY(auto stream, ctr_stream::at(key_, offset));
    std::string step(std::min(step_size, bytes.size()), '\0');
    while (!bytes.empty()) {
      const auto plain = bytes.substr(0, step.size());
      KP_CHECK(stream.apply(plain, step.data()));
      KP_CHECK(write_fully(file_, offset, {step.data(), plain.size()}, directory_));
      offset += plain.size();
      bytes.remove_prefix(plain.size());
    }
    return {};
  }

  const file_descriptor file_;
  const std::string directory_;
  std::string key_;
  std::mutex writing_;
  std::atomic<std::uint64_t> size_{0};
};

class file_spools final : public spool_factory {
 public:
  file_spools(std::string directory, std::shared_ptr<random_source> random)
      : directory_(std::move(directory)), random_(std::move(random)) {}

  result<std::shared_ptr<spool>> make() override {
    KP_CHECK(make_directories(directory_));
    KP_TRY(auto file, open_nameless(directory_));
    return std::shared_ptr<spool>(
        std::make_shared<file_spool>(std::move(file), directory_, random_->bytes(cipher_key_size)));
  }

 private:
  const std::string directory_;
  const std::shared_ptr<random_source> random_;
};

}  // namespace

std::shared_ptr<spool_factory> make_file_spools(std::string directory,
                                                std::shared_ptr<random_source> random) {
  return std::make_shared<file_spools>(std::move(directory), std::move(random));
}

}  // namespace kp::storage
