#pragma once

#include "config/byte_io.hpp"

#include <memory>
#include <string>

struct evp_md_ctx_st;

namespace kp::sandbox {

// A file of the sandbox that goes away with its last owner.
class stored_file {
 public:
  explicit stored_file(std::string path) : path_(std::move(path)) {}
  ~stored_file();
  stored_file(const stored_file&) = delete;
  stored_file& operator=(const stored_file&) = delete;

  const std::string& path() const { return path_; }
  // For reading; keeps `self` alive. Errors: sandbox_errc::file.
  static result<std::shared_ptr<const random_access_source>> open(
      std::shared_ptr<const stored_file> self);

 private:
  std::string path_;
};

// Writes one file from front to back and computes its MD5 on the way.
class file_writer {
 public:
  // Errors: sandbox_errc::file.
  static result<std::unique_ptr<file_writer>> create(const std::string& path);
  ~file_writer();
  file_writer(const file_writer&) = delete;
  file_writer& operator=(const file_writer&) = delete;

  result<void> write(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  // Nothing is written after it.
  std::string md5();  // 32 lower-case hex digits
  std::shared_ptr<const stored_file> file() const { return file_; }

 private:
  file_writer(std::shared_ptr<const stored_file> file, int descriptor);
  std::shared_ptr<const stored_file> file_;
  int descriptor_;
  evp_md_ctx_st* digest_;
  std::uint64_t size_ = 0;
};

// A whole file; writing goes through a temporary name. Errors: sandbox_errc::file.
result<std::string> read_file(const std::string& path);
result<void> write_file(const std::string& path, std::string_view content, bool secret);

}  // namespace kp::sandbox
