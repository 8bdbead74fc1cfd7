#include "actors/probes.hpp"

namespace kp::actors {

bool is_up(const vital_signs& signs) {
  return signs.now() == vital_signs::phase::ready && !signs.store_failure();
}

std::optional<http::server_response> answer_probe(const http::request_head& head,
                                                  const vital_signs& signs) {
  constexpr std::string_view root = "/manage/health";
  if (!head.path.starts_with(root)) return std::nullopt;
  const auto which = std::string_view(head.path).substr(root.size());
  if (!which.empty() && which != "/liveness" && which != "/readiness") return std::nullopt;
  http::server_response response;
  if (head.method != "GET" && head.method != "HEAD") {
    response.status = 405;
    response.headers.add("Allow", "GET");
    return response;
  }
  bool up = true;  // alive: it answers
  if (which.empty()) up = is_up(signs);
  if (which == "/readiness") up = signs.now() == vital_signs::phase::ready;
  response.status = up ? 200 : 503;
  response.headers.add("Content-Type", std::string(actuator_type));
  response.body = up ? R"({"status":"UP"})" : R"({"status":"DOWN"})";
  return response;
}

}  // namespace kp::actors
