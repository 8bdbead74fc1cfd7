#include "config/clock.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace kp {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

// Reads fixed-width numbers and literals from the front of a text.
class reader {
 public:
  explicit reader(std::string_view text) : text_(text) {}

  std::optional<int> number(std::size_t width) {
    if (text_.size() < width) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return std::nullopt;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(width);
    return value;
  }
  bool literal(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // The digits after a decimal point as microseconds; nullopt for none or more than nine.
  std::optional<microseconds> fraction() {
    std::size_t digits = 0;
    std::int64_t value = 0;
    while (digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9') {
      if (digits < 6) value = value * 10 + (text_[digits] - '0');
      ++digits;
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    for (std::size_t i = digits; i < 6; ++i) value *= 10;
    text_.remove_prefix(digits);
    return microseconds(value);
  }
  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

struct parsed {
  time_point local;
  std::optional<minutes> offset;
};

std::optional<parsed> parse(std::string_view text) {
  reader in(text);
  const auto year = in.number(4);
  if (!year || !in.literal('-')) return std::nullopt;
  const auto month = in.number(2);
  if (!month || !in.literal('-')) return std::nullopt;
  const auto day = in.number(2);
  if (!day || !in.literal('T')) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const auto hour = in.number(2);
  if (!hour || *hour > 23 || !in.literal(':')) return std::nullopt;
  const auto minute = in.number(2);
  if (!minute || *minute > 59) return std::nullopt;
  auto local = time_point(sys_days(date)) + hours(*hour) + minutes(*minute);
  if (in.literal(':')) {
    const auto second = in.number(2);
    if (!second || *second > 59) return std::nullopt;
    local += seconds(*second);
    if (in.literal('.')) {
      const auto fraction = in.fraction();
      if (!fraction) return std::nullopt;
      local += *fraction;
    }
  }
  if (in.at_end()) return parsed{local, std::nullopt};
  if (in.literal('Z')) return in.at_end() ? std::optional(parsed{local, minutes(0)}) : std::nullopt;
  const bool east = in.literal('+');
  if (!east && !in.literal('-')) return std::nullopt;
  const auto offset_hours = in.number(2);
  if (!offset_hours || *offset_hours > 18 || !in.literal(':')) return std::nullopt;
  const auto offset_minutes = in.number(2);
  if (!offset_minutes || *offset_minutes > 59 || !in.at_end()) return std::nullopt;
  const minutes offset = hours(*offset_hours) + minutes(*offset_minutes);
  return parsed{local, east ? offset : -offset};
}

}  // namespace

minutes oslo_offset(time_point at) {
  using namespace std::chrono_literals;
  const std::chrono::year_month_day date(std::chrono::floor<days>(at));
  const auto change = [&](std::chrono::month month) {
    return time_point(sys_days(date.year() / month / std::chrono::Sunday[std::chrono::last])) + 1h;
  };
  const bool summer = at >= change(std::chrono::March) && at < change(std::chrono::October);
  return summer ? 120min : 60min;
}

std::string format_timestamp(time_point at) {
  const auto offset = oslo_offset(at);
  const auto local = at + offset;
  const auto day = std::chrono::floor<days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<microseconds> time(local - day);
  auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                          static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                          time.hours().count(), time.minutes().count(), time.seconds().count());
  if (const auto fraction = time.subseconds().count(); fraction != 0) {
    auto digits = fmt::format(".{:06}", fraction);
    while (digits.back() == '0') digits.pop_back();
    text += digits;
  }
  return text + fmt::format("+{:02}:{:02}", offset.count() / 60, offset.count() % 60);
}

std::optional<time_point> parse_timestamp(std::string_view text, time_point now) {
  const auto p = parse(text);
  if (!p) return std::nullopt;
  return p->local - p->offset.value_or(oslo_offset(now));
}

std::optional<time_point> parse_timestamp_with_offset(std::string_view text) {
  const auto p = parse(text);
  if (!p || !p->offset) return std::nullopt;
  return p->local - *p->offset;
}

}  // namespace kp
