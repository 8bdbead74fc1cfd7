#pragma once

#include "config/error.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kp::sandbox {

// A ZIP of these entries (name, bytes) in this order, deflated, but for an entry "mimetype".
// Errors: sandbox_errc::file.
result<std::string> make_zip(const std::vector<std::pair<std::string, std::string>>& entries);

// The entries of a ZIP, in order. Errors: sandbox_errc::file, also for more than `max_bytes` in
// all.
result<std::vector<std::pair<std::string, std::string>>> read_zip(std::string_view bytes,
                                                                  std::size_t max_bytes);

}  // namespace kp::sandbox
