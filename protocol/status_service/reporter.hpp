#pragma once

#include "protocol/maskinporten/maskinporten.hpp"
#include "protocol/status_service/wire.hpp"

#include <string>
#include <vector>

namespace kp::status_service {

// Delivers `document` over `to` with the organisation's own token, which `tokens` gets from
// Maskinporten for `scopes`. A token that is not accepted is replaced once (status-service.md 4.3).
// `to` and `tokens` must live until it ends.
http::awaitable<outcome> report(wire& to, maskinporten::client& tokens,
                                std::vector<std::string> scopes, std::string document);

}  // namespace kp::status_service
