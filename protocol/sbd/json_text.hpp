#pragma once

#include "config/error.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

// JSON as text, read and written as the installations out there do (messages.md 1.2, rest-api.md
// 1).

namespace kp::sbd {

inline constexpr std::size_t max_json_bytes = 4 * 1024 * 1024;  // an SBD; files never travel in one
inline constexpr std::size_t max_json_depth = 32;

// Reads one JSON value. Control characters inside strings are accepted unescaped, a byte order mark
// is skipped. Error: sbd_errc::malformed_json, also beyond the two bounds above, for a member that
// stands twice in an object, and for a number that cannot be kept as it is.
result<boost::json::value> parse_json(std::string_view text);

// "key" : value, two spaces per level; arrays stay on the line of their brackets.
std::string pretty_json(const boost::json::value&);

}  // namespace kp::sbd
