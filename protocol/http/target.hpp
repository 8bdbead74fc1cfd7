#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kp::http {

struct request_target {
  std::string path;   // percent-decoded
  std::string query;  // after '?', not decoded
};

// Splits a request target in origin form ("/a/b?c"), absolute form ("http://host/a") or "*".
// nullopt for anything else and for what is used to walk past checks of a path: a "." or ".."
// segment (however encoded), an encoded slash, a backslash, control characters, '#', a broken
// percent escape, what is not UTF-8.
std::optional<request_target> parse_target(std::string_view target);

}  // namespace kp::http
