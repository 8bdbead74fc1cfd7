#pragma once

#include "actors/messages.hpp"
#include "protocol/api/error_body.hpp"
#include "tenants/directory.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kp::actors {

// Where a request goes (rest-api.md 3). The API answers under /api/…, /{organisation}/api/… and
// /{organisation}/{channel}/api/…; the prefix narrows whose credentials are accepted.
struct route {
  struct call {  // one message to the channel
    endpoint what;
    std::string argument;
    bool takes_body = false;
  };
  struct upload {  // PUT /api/messages/out/{messageId}
    std::string message;
  };
  struct multipart {};  // POST /api/messages/out/multipart
  struct events {};     // GET /api/events
  struct description {};  // GET /api/openapi.json: what this table is, for anybody
  struct refusal {
    api::problem why;
    std::string allow;  // of a 405
  };
  struct options {  // OPTIONS: answered by the Allow header alone
    std::string allow;
  };

  tenants::directory::scope scope;
  std::variant<call, upload, multipart, events, description, refusal, options> to;
  std::size_t place = 0;  // in route_places()
};

// Every place that find_route() knows, with its path as a template: what requests are counted by.
// The first stands for all that is refused.
struct route_place {
  std::string method;
  std::string uri;  // "/api/messages/out/{}"
};
const std::vector<route_place>& route_places();

// `path` decoded, without query. `content_type` tells multipart from "send the message named
// multipart".
route find_route(std::string_view method, std::string_view path, std::string_view content_type);

// Whether it answers with JSON: a client whose Accept header excludes that is refused beforehand.
bool answers_json(const route&);

}  // namespace kp::actors
