#pragma once

#include "protocol/registry/registry.hpp"

#include <string>
#include <string_view>

// The registry's JSON (service-registry.md 3). Unknown members are ignored, missing ones and nulls are
// tolerated.

namespace kp::registry {

// Errors: registry_errc::bad_answer.
result<answer> parse_answer(std::string_view payload);

// What an error body says: error_description, or message in its other shape; empty when neither.
std::string parse_description(std::string_view body);

}  // namespace kp::registry
