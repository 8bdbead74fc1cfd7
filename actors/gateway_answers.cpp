#include "actors/gateway_answers.hpp"

#include "config/log.hpp"
#include "protocol/api/page.hpp"
#include "protocol/http/authorization.hpp"
#include "protocol/http/http_error.hpp"

namespace kp::actors {

http::headers security_headers(bool encrypted) {
  http::headers all{{"X-Content-Type-Options", "nosniff"},
                    {"X-XSS-Protection", "0"},
                    {"Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"},
                    {"Pragma", "no-cache"},
                    {"Expires", "0"},
                    {"X-Frame-Options", "DENY"},
                    {"Vary", "Origin"},
                    {"Vary", "Access-Control-Request-Method"},
                    {"Vary", "Access-Control-Request-Headers"}};
  if (encrypted) all.add("Strict-Transport-Security", "max-age=31536000 ; includeSubDomains");
  return all;
}

http::server_response refuse(const api::problem& why, const http::request_head& head,
                             time_point now, std::chrono::seconds again) {
  http::server_response response;
  response.status = why.status;
  response.headers.add("Content-Type", "application/json");
  if (why.status == 401) {
    if (const auto with = head.headers.find("X-Requested-With"); with == "XMLHttpRequest")
      return {401, {}, {}, nullptr};
    const auto given = http::read_authorization(head.headers);
    const bool bearer = std::holds_alternative<http::bearer_credentials>(given);
    response.headers.add("WWW-Authenticate",
                         bearer ? "Bearer error=\"invalid_token\"" : "Basic realm=\"Realm\"");
  }
  if (why.status == 429 || why.status == 503)
    response.headers.add("Retry-After", std::to_string(again.count()));
  response.body = api::pretty(api::to_json(why, head.path, now));
  return response;
}

http::server_response failed(const error& why, const http::request_head& head, time_point now) {
  log(log_level::warning, "request not answered: " + why.message, {{"path", head.path}});
  if (why.code == http::http_errc::cut)
    return refuse({400, "java.io.EOFException", "The request body ended early", {}, {}}, head, now);
  if (why.code == http::http_errc::too_large) return refuse(api::payload_too_large(), head, now);
  return refuse(api::try_later(503, "The hub cannot do this now: " + why.message), head, now);
}

http::server_response to_response(api_answer answer) {
  return {answer.status, std::move(answer.headers), std::move(answer.body), nullptr};
}

}  // namespace kp::actors
