#pragma once

#include "protocol/altinn/broker.hpp"

#include <string>
#include <string_view>
#include <vector>

// Broker's JSON (dpo.md 3.1, 3.4, 3.6). Unknown members are ignored. Errors of parsing:
// http_errc::bad_answer.

namespace kp::altinn {

std::string initialize_body(const initialize_request& asked);
result<std::string> parse_transfer_id(std::string_view body);
result<std::vector<std::string>> parse_search(std::string_view body);
result<overview> parse_overview(std::string_view body);

// "BRO-00010" of a problem, empty when it has none.
std::string broker_code(std::string_view body);
// An answer that is not 2xx as an error that names call, transfer, code and detail.
error broker_error(broker_endpoint endpoint, std::string_view id, const http::response& answer);

}  // namespace kp::altinn
