#pragma once

#include "actors/messages.hpp"
#include "protocol/api/error_body.hpp"
#include "protocol/http/server.hpp"

// What the gateway answers by itself.

namespace kp::actors {

// rest-api.md 1, "Security headers". `encrypted`: the listener speaks TLS.
http::headers security_headers(bool encrypted);

// Retry-After (429 and 503) says `again`; a 401 says how to sign in, except to a browser's script.
http::server_response refuse(const api::problem& why, const http::request_head& head,
                             time_point now, std::chrono::seconds again = std::chrono::seconds(1));
// When a request could not be carried out, which is logged.
http::server_response failed(const error& why, const http::request_head& head, time_point now);
http::server_response to_response(api_answer answer);

}  // namespace kp::actors
