#include "storage/posix_file.hpp"

#include "storage/storage_error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace kp::storage {

file_descriptor::~file_descriptor() {
  if (number_ >= 0) ::close(number_);
}

error file_failure(std::string_view doing, const std::string& path) {
  const int number = errno;
  return transient(storage_errc::io, fmt::format("{}: {} failed: {}", path, doing,
                                                 std::generic_category().message(number)));
}

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

result<void> make_directories(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    errno = ENOTDIR;
    return file_failure("making the directory", path);
  }
  const auto parent = parent_of(path);
  if (parent != path && parent != ".") KP_CHECK(make_directories(parent));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return file_failure("making the directory", path);
  return sync_directory(parent);
}

result<file_descriptor> open_file(const std::string& path, int flags) {
  const int number = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (number >= 0) return file_descriptor(number);
  if (errno == ENOENT)
    return permanent(storage_errc::not_found, fmt::format("{}: there is no such file", path));
  return file_failure("opening", path);
}

result<void> write_fully(const file_descriptor& file, std::uint64_t offset, std::string_view bytes,
                         const std::string& path) {
  while (!bytes.empty()) {
    const auto count =
        ::pwrite(file.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_failure("writing", path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

result<std::size_t> read_fully(const file_descriptor& file, std::uint64_t offset,
                               std::span<char> out, const std::string& path) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const auto count = ::pread(file.number(), out.data() + filled, out.size() - filled,
                               static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_failure("reading", path);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

result<void> sync_data(const file_descriptor& file, const std::string& path) {
  if (::fdatasync(file.number()) != 0) return file_failure("syncing", path);
  return {};
}

result<void> sync_directory(const std::string& path) {
  KP_TRY(const auto directory, open_file(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(directory.number()) != 0) return file_failure("syncing the directory", path);
  return {};
}

}  // namespace kp::storage
