#pragma once

#include "actors/vital_signs.hpp"
#include "protocol/http/server.hpp"

#include <optional>
#include <string_view>

namespace kp::actors {

// Whether the hub as a whole can do its work. National services and single organisations in trouble
// do not make it DOWN: a load balancer that took the hub away would only make that worse.
bool is_up(const vital_signs&);

// /manage/health, /manage/health/liveness and /manage/health/readiness without credentials: the
// status and nothing else, 200 or 503, where load balancers find it today (rest-api.md 13.1).
// nullopt: the path is none of these.
std::optional<http::server_response> answer_probe(const http::request_head&, const vital_signs&);

inline constexpr std::string_view actuator_type = "application/vnd.spring-boot.actuator.v3+json";

}  // namespace kp::actors
