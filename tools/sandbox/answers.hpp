#pragma once

#include "config/clock.hpp"
#include "tools/sandbox/http_types.hpp"

#include <boost/json/value.hpp>

namespace kp::sandbox {

// An answer with a JSON body.
response json_answer(unsigned status, const boost::json::value& body,
                     std::string_view content_type = "application/json");
// An answer without a body.
response empty_answer(unsigned status);

// "2026-01-15T09:00:01.123456+00:00", as Altinn writes times.
std::string utc_timestamp(time_point);

}  // namespace kp::sandbox
