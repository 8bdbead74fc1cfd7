#pragma once

#include "metrics/registry.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string_view>

// The JSON of /manage/metrics and /manage/metrics/{name}, as Spring Boot's actuator has it
// (rest-api.md 13.1).

namespace kp::metrics {

// {"names": […]}, in order.
boost::json::object names(const registry&);

// {"name", "description", "baseUnit", "measurements", "availableTags"} of the meters that have all
// `tags`; sums over them. `name` as in names(), or with dots and without a unit at the end, as
// "http.server.requests". nullopt when there is none.
std::optional<boost::json::object> describe(const registry&, std::string_view name,
                                            const labels& tags);

}  // namespace kp::metrics
