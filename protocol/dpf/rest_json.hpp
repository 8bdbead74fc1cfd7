#pragma once

#include "config/error.hpp"
#include "protocol/dpf/forsendelse.hpp"
#include "protocol/http/client.hpp"

// The JSON of SvarUt's REST API, v3 and v2 (dpf.md 7.2). For this folder alone.

namespace kp::dpf {

// The part "forsendelse" of a send call.
std::string to_json(const forsendelse&);
std::string status_search_body(const std::vector<std::string>& ids);

// Errors: http_errc::bad_answer.
result<std::string> parse_sent(std::string_view body);  // the id that SvarUt gave
result<std::vector<delivery_status>> parse_statuses(std::string_view body);
result<std::vector<std::string>> parse_found(std::string_view body);  // forsendelseIds
result<std::vector<std::string>> parse_types(std::string_view body);  // forsendelsestyper

// What an answer that is not 200 means (dpf.md 7.3): permanent for what repeating does not cure;
// retryable, an hour later, for credentials that an operator must put right; else transient.
error rest_error(std::string_view what, const http::response&);

}  // namespace kp::dpf
