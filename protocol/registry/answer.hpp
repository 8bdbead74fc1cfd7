#pragma once

#include "protocol/registry/registry.hpp"

namespace kp::registry {

// An IdentifierResource (service-registry.md 3) as values. Unknown members are ignored, missing and
// null ones tolerated. Error: registry_errc::bad_answer.
result<answer> parse_answer(std::string_view json);

// The party of an answer about a health address. Error: registry_errc::bad_answer.
result<health_party> parse_health_party(std::string_view json);

// The registry's own words in an error body: error_description, or message; "" when there are none
// (service-registry.md 4.1).
std::string error_description(std::string_view body);

}  // namespace kp::registry
