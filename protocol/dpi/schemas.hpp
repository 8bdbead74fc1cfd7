#pragma once

#include "config/error.hpp"
#include "protocol/dpi/dpi_error.hpp"

#include <boost/json/value.hpp>

#include <string_view>

namespace kp::dpi {

// Whether there is a schema for documents of this type (dpi.md 4.6).
bool has_schema(std::string_view type);

// Checks a whole document, {"standardBusinessDocument": …}, by the published schema of `type`;
// date-times too. Error: dpi_errc::invalid_document, which names the places and repeats no value.
result<void> validate(std::string_view type, const boost::json::value& document);

}  // namespace kp::dpi
