#pragma once

#include <string_view>

namespace kp::api {

// Whether a client that sends this Accept header takes JSON (RFC 9110 12.5.1). A header without any
// media range that can be read refuses nothing.
bool accepts_json(std::string_view accept);

}  // namespace kp::api
