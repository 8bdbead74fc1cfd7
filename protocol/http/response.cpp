#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/http/client.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iomanip>
#include <locale>
#include <sstream>

namespace kp::http {

namespace {

using seconds_point = std::chrono::sys_seconds;

constexpr std::size_t shown_of_body = 512;
constexpr std::chrono::seconds longest_wait = std::chrono::hours(24);

// IMF-fixdate, RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<seconds_point> parse_http_date(std::string_view text) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  std::tm parts{};
  in >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S");
  if (in.fail()) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

// Bodies of errors end up in logs and statuses: one line, short, no person number.
std::string shown(std::string_view body) {
  std::string text(trim(body.substr(0, shown_of_body)));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  while (!text.empty() && !is_utf8(text)) text.pop_back();
  if (body.size() > shown_of_body) text += "...";
  return mask_person_numbers(text);
}

}  // namespace

std::optional<std::chrono::seconds> response::retry_after() const {
  const auto field = headers.find("Retry-After");
  if (!field) return std::nullopt;
  const auto text = trim(*field);
  long long count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = end == text.data() + text.size() && !text.empty();
  if (whole && failed == std::errc::result_out_of_range) return longest_wait;
  if (whole && failed == std::errc() && count >= 0)
    return std::min(std::chrono::seconds(count), longest_wait);
  const auto until = parse_http_date(text);
  if (!until) return std::nullopt;
  // The server's own idea of now, when it says so: its clock made the date.
  std::optional<seconds_point> now;
  if (const auto date = headers.find("Date")) now = parse_http_date(trim(*date));
  if (!now) now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return std::clamp<std::chrono::seconds>(*until - *now, std::chrono::seconds(0), longest_wait);
}

error to_error(std::string_view what, const response& answer) {
  const auto text = shown(answer.body);
  const auto message = text.empty() ? fmt::format("{}: HTTP {}", what, answer.status)
                                    : fmt::format("{}: HTTP {}: {}", what, answer.status, text);
  error e;
  if (answer.status == 401 || answer.status == 403)
    e = permanent(http_errc::unauthorized, message);
  else if (answer.status == 429)
    e = transient(http_errc::rate_limited, message);
  else if (answer.status >= 500 || answer.status == 408 || answer.status == 425)
    e = transient(http_errc::unavailable, message);
  else
    e = permanent(http_errc::refused, message);
  e.retry_after = answer.retry_after();
  return e;
}

}  // namespace kp::http
