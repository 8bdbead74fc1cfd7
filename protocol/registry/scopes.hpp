#pragma once

#include "config/ids.hpp"

#include <span>
#include <string_view>

namespace kp::registry {

// The scopes that a service adds to the token which the Service Registry is asked with
// (maskinporten.md 4.1). One that the client lacks fails the whole token. Empty for DPFIO, which
// the registry does not know.
std::span<const std::string_view> scopes_of(service);

}  // namespace kp::registry
