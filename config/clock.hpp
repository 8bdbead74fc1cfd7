#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace kp {

using time_point = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

// Time is handed in, so that a test can own it.
class clock {
 public:
  virtual ~clock() = default;
  virtual time_point now() const = 0;
};

class wall_clock final : public clock {
 public:
  time_point now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};

// A clock that stands still until told otherwise. Safe to use from several threads.
class manual_clock final : public clock {
 public:
  explicit manual_clock(time_point start) : now_(start) {}
  time_point now() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }
  void advance(std::chrono::microseconds by) {
    const std::scoped_lock lock(mutex_);
    now_ += by;
  }

 private:
  mutable std::mutex mutex_;
  time_point now_;
};

// The offset from UTC that Europe/Oslo has at `at`: one hour, two from the last Sunday of March
// 01:00 UTC to the last Sunday of October 01:00 UTC (directive 2000/84/EC).
std::chrono::minutes oslo_offset(time_point at);

// ISO 8601 with numeric offset, Europe/Oslo: "2026-03-02T08:15:30.123456+01:00". Seconds are always
// printed; the fraction only when it is not zero, without trailing zeros. Source: rest-api.md 1.
std::string format_timestamp(time_point at);

// ISO 8601 date-time. Up to nine fraction digits (cut to microseconds), offset `Z`, `+hh:mm` or
// `-hh:mm`; without one, the Europe/Oslo offset that is valid at `now` applies. nullopt when the
// text is no such date-time. Source: messages.md 1.2.
std::optional<time_point> parse_timestamp(std::string_view text, time_point now);

// As parse_timestamp, but an offset must be present (query parameters, rest-api.md 1).
std::optional<time_point> parse_timestamp_with_offset(std::string_view text);

}  // namespace kp
