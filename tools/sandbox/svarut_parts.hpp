#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kp::sandbox {

struct mime_part {
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string header(std::string_view name) const;  // "" when absent
};

// The parts of a multipart body (RFC 2046 5.1.1); nullopt when it is none.
std::optional<std::vector<mime_part>> parse_multipart(std::string_view content_type,
                                                      std::string_view body);

// The value of a parameter of a header field, unquoted: boundary, name, filename.
std::string parameter_of(std::string_view field, std::string_view name);
// The value before the first parameter, in lower case.
std::string type_of(std::string_view field);

}  // namespace kp::sandbox
