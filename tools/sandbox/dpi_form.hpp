#pragma once

#include "tools/sandbox/http_types.hpp"

#include "config/error.hpp"

#include <vector>

namespace kp::sandbox {

// A part of multipart/form-data with the headers that count.
struct form_part {
  std::string disposition, type, body;
};
// In order. Errors: sandbox_errc::invalid_request with what is wrong.
result<std::vector<form_part>> read_form(const request&);
// Whether a part is named, filed and typed exactly so. Errors: sandbox_errc::invalid_request.
result<void> check_part(const form_part&, std::string_view name, std::string_view file,
                        std::string_view type);

// The two parts of a shipment (dpi.md 3.1), exactly as they have to be.
struct dpi_form {
  std::string jws;
  std::string package;
};
// Errors: sandbox_errc::invalid_request with what is wrong.
result<dpi_form> read_dpi_form(const request&);

}  // namespace kp::sandbox
