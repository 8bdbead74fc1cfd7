#pragma once

#include "tools/sandbox/dpi_state.hpp"
#include "tools/sandbox/http_types.hpp"

#include "config/error.hpp"

namespace kp::sandbox {

// /control/dpi…: looks at shipments and receipts, and says what becomes of them (README). Errors:
// sandbox_errc::invalid_request, not_found.
result<boost::json::value> control_dpi(dpi_state&, const sandbox_clock&, const request&,
                                       std::string_view path, const boost::json::object& body);

}  // namespace kp::sandbox
