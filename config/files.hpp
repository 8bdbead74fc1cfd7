#pragma once

#include "config/error.hpp"

#include <string>
#include <string_view>

// Small files that people write or hand over: settings, secrets, key stores.

namespace kp {

// The whole file, at most `limit` bytes. Errors: config_errc::not_readable (absent, no permission,
// a folder, too large), naming the file and the reason. Blocks.
result<std::string> read_file(const std::string& path, std::size_t limit);

// `path` itself when it is absolute, else below `folder`; "." and ".." are resolved in the text.
std::string absolute_path(std::string_view folder, std::string_view path);

// The absolute folder that holds `file`; relative paths inside the file start there.
std::string folder_of(const std::string& file);

}  // namespace kp
