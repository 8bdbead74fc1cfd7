#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kp {

std::string to_hex(std::string_view bytes);                             // lower case
std::optional<std::string> from_hex(std::string_view text);             // either case

std::string to_base64(std::string_view bytes);                          // RFC 4648 section 4, padded
// Skips white space and line breaks; nullopt for anything else that is no base64.
std::optional<std::string> from_base64(std::string_view text);
std::string to_base64url(std::string_view bytes);                       // RFC 4648 section 5, unpadded
std::optional<std::string> from_base64url(std::string_view text);

std::string_view trim(std::string_view text);                           // ASCII white space
std::string to_lower(std::string_view text);                            // ASCII
bool equals_ignoring_case(std::string_view a, std::string_view b);      // ASCII
bool is_utf8(std::string_view bytes);                                   // well-formed, RFC 3629
// Same length and content, in time that depends on the length only.
bool equals_in_constant_time(std::string_view a, std::string_view b);

// Overwrites with zeros in a way the compiler keeps.
void wipe(std::string& secret);

}  // namespace kp
