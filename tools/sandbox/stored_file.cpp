#include "tools/sandbox/stored_file.hpp"

#include "config/text.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kp::sandbox {

namespace {

error failed(const char* what, const std::string& path) {
  return transient(sandbox_errc::file,
                   fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));  // NOLINT
}

class opened_file final : public random_access_source {
 public:
  opened_file(std::shared_ptr<const stored_file> file, int descriptor, std::uint64_t size)
      : file_(std::move(file)), descriptor_(descriptor), size_(size) {}
  ~opened_file() override { ::close(descriptor_); }

  std::uint64_t size() const override { return size_; }
  result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    const auto count = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0) return failed("read", file_->path());
    return static_cast<std::size_t>(count);
  }

 private:
  std::shared_ptr<const stored_file> file_;
  int descriptor_;
  std::uint64_t size_;
};

result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace

stored_file::~stored_file() {
  ::unlink(path_.c_str());
}

result<std::shared_ptr<const random_access_source>> stored_file::open(
    std::shared_ptr<const stored_file> self) {
  const int descriptor = ::open(self->path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed("open", self->path_);
  struct stat facts{};
  if (::fstat(descriptor, &facts) != 0) {
    ::close(descriptor);
    return failed("open", self->path_);
  }
  return std::shared_ptr<const random_access_source>(std::make_shared<opened_file>(
      std::move(self), descriptor, static_cast<std::uint64_t>(facts.st_size)));
}

result<std::unique_ptr<file_writer>> file_writer::create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed("create", path);
  return std::unique_ptr<file_writer>(
      new file_writer(std::make_shared<const stored_file>(path), descriptor));
}

file_writer::file_writer(std::shared_ptr<const stored_file> file, int descriptor)
    : file_(std::move(file)), descriptor_(descriptor), digest_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(digest_, EVP_md5(), nullptr);
}

file_writer::~file_writer() {
  EVP_MD_CTX_free(digest_);
  ::close(descriptor_);
}

result<void> file_writer::write(std::string_view bytes) {
  KP_CHECK(write_all(descriptor_, bytes, file_->path()));
  EVP_DigestUpdate(digest_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return {};
}

std::string file_writer::md5() {
  std::string out(16, '\0');
  EVP_DigestFinal_ex(digest_, reinterpret_cast<unsigned char*>(out.data()), nullptr);
  return to_hex(out);
}

result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return failed("read", path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

result<void> write_file(const std::string& path, std::string_view content, bool secret) {
  const auto temporary = path + ".new";
  const int descriptor =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, secret ? 0600 : 0644);
  if (descriptor < 0) return failed("create", temporary);
  auto written = write_all(descriptor, content, temporary);
  ::close(descriptor);
  KP_CHECK(std::move(written));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("replace", path);
  return {};
}

}  // namespace kp::sandbox
