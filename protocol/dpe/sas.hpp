#pragma once

#include "config/clock.hpp"

#include <chrono>
#include <string>
#include <string_view>

// Shared access signatures of Azure Service Bus (dpe.md 5).

namespace kp::dpe {

// How long a token is good for; each request has one of its own.
inline constexpr std::chrono::seconds token_life{20};

// The value of Authorization for exactly this URL, which must have no query. `key` is used as the
// text it is: it looks like base64, and is not decoded.
std::string shared_access_signature(std::string_view url, std::string_view key_name,
                                    std::string_view key, time_point expires);

// application/x-www-form-urlencoded: all but letters, digits and ".-*_", a space as '+'.
std::string form_encode(std::string_view text);

}  // namespace kp::dpe
