#pragma once

#include "tools/sandbox/broker_state.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace kp::sandbox {

// The body of initialize, checked field by field as Broker's model validation does (dpo.md 3.1):
// either a transfer with the fields that the sender decides, or the errors by field.
struct initialize_reading {
  transfer made;
  boost::json::object errors;  // field -> [sentence, …]; empty: `made` is whole
};
initialize_reading read_initialize(std::string_view body);

// "0192:910077473" or "urn:altinn:organization:identifier-no:910077473" to the nine digits.
std::optional<std::string> organisation_in(std::string_view identifier);
// Without "urn:altinn:resource:".
std::string resource_in(std::string_view identifier);

}  // namespace kp::sandbox
