#pragma once

#include "protocol/http/client.hpp"

#include <string_view>

namespace kp::ks {

// Of an answer that is not 2xx: as http::to_error(), with the sentence of KS instead of its JSON.
error refusal(std::string_view what, const http::response&);

// Whether KS refused token or integration, which an operator must put right.
bool is_of_credentials(const http::response&);

}  // namespace kp::ks
