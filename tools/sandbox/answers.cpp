#include "tools/sandbox/answers.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

namespace kp::sandbox {

response json_answer(unsigned status, const boost::json::value& body,
                     std::string_view content_type) {
  response out;
  out.status = status;
  out.headers.emplace_back("Content-Type", content_type);
  out.body = boost::json::serialize(body);
  return out;
}

response empty_answer(unsigned status) {
  response out;
  out.status = status;
  return out;
}

std::string utc_timestamp(time_point at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+00:00",
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

}  // namespace kp::sandbox
