#pragma once

#include "config/error.hpp"

#include <string>
#include <utility>
#include <vector>

namespace kp::sandbox {

// A ZIP of these entries (name, bytes) in this order, deflated. Errors: sandbox_errc::file.
result<std::string> make_zip(const std::vector<std::pair<std::string, std::string>>& entries);

}  // namespace kp::sandbox
