#pragma once

#include "protocol/api/upload.hpp"

#include <string_view>
#include <vector>

// The inside of upload.hpp: parameters of a header, in the two dialects there are.

namespace kp::api {

enum class disposition_rules {
  upload,     // PUT of one file: names are case-sensitive, a backslash is a backslash
  form_data,  // a part of multipart/form-data: names in any case, backslash quotes
};

// Error: config_errc::invalid_value with upstream's text.
result<content_disposition> parse_disposition(std::string_view header, disposition_rules rules);

// "type", "attribute=value", ... of a header, trimmed; `;` inside quotes does not split.
result<std::vector<std::string_view>> split_parameters(std::string_view header);

}  // namespace kp::api
