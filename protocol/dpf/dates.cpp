#include "protocol/dpf/dates.hpp"

#include "config/clock.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::dpf {

namespace {

constexpr std::int64_t year_one = -62'135'596'800'000;     // 0001-01-01T00:00:00Z
constexpr std::int64_t end_of_9999 = 253'402'300'799'999;  // a year of four digits

std::string offset_text(std::chrono::minutes offset) {
  const auto minutes = offset.count();
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                     std::abs(minutes) % 60);
}

struct local_day {
  std::string day, offset;
};
local_day in_oslo(std::int64_t milliseconds) {
  const auto at = time_point(
      std::chrono::milliseconds(std::clamp(milliseconds, year_one, end_of_9999 - 7'200'000)));
  const auto offset = oslo_offset(at);
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(at + offset));
  return {fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                      static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day())),
          offset_text(offset)};
}

}  // namespace

std::string midnight_as_written(const arkivmelding::date& date) {
  return date.day + "T00:00:00" + date.zone;
}

std::string midnight_with_offset(const arkivmelding::date& date) {
  auto text = midnight_as_written(date);
  if (!date.zone.empty()) return text;
  // The offset that is valid at midnight, which is never when the clock is moved.
  const auto at = parse_timestamp_with_offset(text + "+01:00");
  return text + offset_text(at ? oslo_offset(*at) : std::chrono::minutes(60));
}

std::string date_of_epoch(std::int64_t milliseconds) {
  const auto local = in_oslo(milliseconds);
  return local.day + local.offset;
}

std::string midnight_of_epoch(std::int64_t milliseconds) {
  const auto local = in_oslo(milliseconds);
  return local.day + "T00:00:00" + local.offset;
}

}  // namespace kp::dpf
