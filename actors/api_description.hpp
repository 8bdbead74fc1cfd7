#pragma once

#include "protocol/http/server.hpp"

namespace kp::actors {

// GET and HEAD /api/openapi.json: docs/openapi.json, the same for everybody and without
// credentials, as it tells nothing of anybody. Clients and proxies may keep it for an hour; with
// If-None-Match they hear by 304 that it is still the same.
http::server_response describe_api(const http::request_head&);

}  // namespace kp::actors
