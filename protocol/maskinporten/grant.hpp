#pragma once

#include "protocol/maskinporten/maskinporten.hpp"

#include <string>
#include <string_view>

namespace kp::maskinporten {

// The signed JWT of a grant (maskinporten.md 2.1, 2.2), valid for 120 s from `now`. Blocks for the
// signature.
result<std::string> make_assertion(const client_settings& settings, const crypto::keystore& keys,
                                   const token_request& asked, const std::string& id,
                                   time_point now);

// Why Maskinporten said no: its error and description and, for codes that are known, what an
// operator should do. Cuts anything that looks like a JWT.
error to_refusal(const client_settings& settings, const token_request& asked,
                 const http::response& answer);

}  // namespace kp::maskinporten
