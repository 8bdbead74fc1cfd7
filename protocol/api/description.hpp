#pragma once

#include <string_view>

namespace kp::api {

// The OpenAPI 3.1 description of the REST API: docs/openapi.json as it was when this was compiled.
std::string_view description();

}  // namespace kp::api
