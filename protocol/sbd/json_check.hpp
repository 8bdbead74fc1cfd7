#pragma once

#include "config/error.hpp"

#include <string_view>

// What JSON may say and a parser would pass over: a member that stands twice, of which one would be
// dropped in silence, and a number that would be read as another one.

namespace kp::sbd::detail {

// Error: sbd_errc::malformed_json for either, and for text that is no JSON or is nested deeper than
// `max_depth`.
result<void> check_json(std::string_view text, std::size_t max_depth);

}  // namespace kp::sbd::detail
