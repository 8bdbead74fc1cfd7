#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The folder of tenants as the file system shows it. Everything here blocks.

namespace kp::tenants {

// Whether a file of this name (without folder) is read: *.yaml and *.yml, not hidden, no leftover
// of an editor.
bool is_tenants_file(std::string_view name);

// The paths of the files to read, by name. Errors: config_errc::not_readable.
result<std::vector<std::string>> tenants_files(const std::string& folder);

// What changes whenever a file is written, replaced, or its rights change.
struct file_stamp {
  std::uint64_t device = 0, inode = 0, size = 0, mode = 0;
  std::int64_t modified = 0, changed = 0;  // nanoseconds since 1970
  friend bool operator==(const file_stamp&, const file_stamp&) = default;
};
// Of the file that `path` leads to; of the link itself when it leads nowhere or in circles. nullopt
// when there is nothing of that name.
std::optional<file_stamp> stamp_of(const std::string& path);

}  // namespace kp::tenants
