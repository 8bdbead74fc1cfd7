#pragma once

#include "tools/sandbox/dph_state.hpp"
#include "tools/sandbox/http_types.hpp"

#include <boost/json/value.hpp>

namespace kp::sandbox {

// Calls below /control/dph; `path` is the rest. Errors: invalid_request, not_found.
result<boost::json::value> control_dph(dph_state&, const request&, std::string_view path,
                                       const boost::json::object& body);

}  // namespace kp::sandbox
