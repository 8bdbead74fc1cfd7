#include "tenants/tenants_folder.hpp"

#include "config/config_error.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace kp::tenants {

namespace {

std::int64_t nanoseconds(const timespec& at) {
  return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

}  // namespace

bool is_tenants_file(std::string_view name) {
  if (name.starts_with('.') || name.starts_with('#')) return false;
  return name.ends_with(".yaml") || name.ends_with(".yml");
}

result<std::vector<std::string>> tenants_files(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code failed;
  std::filesystem::directory_iterator at(folder, failed);
  for (; !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    if (!is_tenants_file(at->path().filename().string())) continue;
    std::error_code unknown;
    if (at->is_directory(unknown)) continue;
    paths.push_back(at->path().string());
  }
  if (failed)
    return permanent(config_errc::not_readable,
                     fmt::format("the folder of tenants cannot be read: {}", failed.message()));
  std::ranges::sort(paths);
  return paths;
}

std::optional<file_stamp> stamp_of(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0 && ::lstat(path.c_str(), &found) != 0) return std::nullopt;
  return file_stamp{found.st_dev,
                    found.st_ino,
                    static_cast<std::uint64_t>(found.st_size),
                    found.st_mode,
                    nanoseconds(found.st_mtim),
                    nanoseconds(found.st_ctim)};
}

}  // namespace kp::tenants
