#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// Files by descriptor, with every error as storage_errc::io (or what is said) and the path in the
// sentence.

namespace kp::storage {

class file_descriptor {
 public:
  file_descriptor() = default;
  explicit file_descriptor(int number) : number_(number) {}
  file_descriptor(file_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~file_descriptor();
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// The present errno as an error; worth a retry, since disks fill up and are emptied.
error file_failure(std::string_view doing, const std::string& path);

// Makes the directory and its parents; what is new is synced into its parent.
result<void> make_directories(const std::string& path);
// `flags` as of open(2); O_CLOEXEC is added. Mode 0600. A file that is not there: not_found.
result<file_descriptor> open_file(const std::string& path, int flags);
result<void> write_fully(const file_descriptor&, std::uint64_t offset, std::string_view bytes,
                         const std::string& path);
// Returns how many bytes; fewer than asked only at the end of the file.
result<std::size_t> read_fully(const file_descriptor&, std::uint64_t offset, std::span<char> out,
                               const std::string& path);
result<void> sync_data(const file_descriptor&, const std::string& path);
result<void> sync_directory(const std::string& path);
// The directory part of a path.
std::string parent_of(const std::string& path);

}  // namespace kp::storage
