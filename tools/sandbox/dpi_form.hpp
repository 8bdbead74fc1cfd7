#pragma once

#include "tools/sandbox/http_types.hpp"

#include "config/error.hpp"

namespace kp::sandbox {

// The two parts of a shipment (dpi.md 3.1), exactly as they have to be.
struct dpi_form {
  std::string jws;
  std::string package;
};
// Errors: sandbox_errc::invalid_request with what is wrong.
result<dpi_form> read_dpi_form(const request&);

}  // namespace kp::sandbox
