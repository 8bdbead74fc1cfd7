#include "config/files.hpp"

#include "config/config_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace kp {

namespace {

error not_readable(const std::string& path, std::string_view why) {
  return permanent(config_errc::not_readable, fmt::format("{} cannot be read: {}", path, why));
}

std::string reason(int number) {
  return std::generic_category().message(number);
}

}  // namespace

result<std::string> read_file(const std::string& path, std::size_t limit) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) return not_readable(path, "it is a folder");
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) return not_readable(path, reason(errno));
  std::string content;
  char block[16 * 1024];
  while (const auto got = std::fread(block, 1, sizeof block, file.get())) {
    if (content.size() + got > limit)
      return not_readable(path, fmt::format("it is larger than {} bytes", limit));
    content.append(block, got);
  }
  if (std::ferror(file.get())) return not_readable(path, reason(errno));
  return content;
}

std::string absolute_path(std::string_view folder, std::string_view path) {
  return (std::filesystem::path(folder) / std::filesystem::path(path)).lexically_normal().string();
}

std::string folder_of(const std::string& file) {
  std::error_code failed;
  const auto whole = std::filesystem::absolute(file, failed);
  return (failed ? std::filesystem::path(file) : whole).lexically_normal().parent_path().string();
}

}  // namespace kp
