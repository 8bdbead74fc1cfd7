#include "config/log.hpp"

#include "config/clock.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/json.hpp>

#include <atomic>

namespace kp {

namespace {

std::atomic<log_level> lowest_level{log_level::info};
std::atomic<void (*)(std::string_view)> test_sink{nullptr};

spdlog::logger& lines() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("knutepunkt",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string_view name(log_level level) {
  switch (level) {
    case log_level::debug:
      return "debug";
    case log_level::info:
      return "info";
    case log_level::warning:
      return "warning";
    case log_level::error:
      return "error";
  }
  return "error";
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string mask_person_numbers(std::string_view text) {
  std::string out(text);
  std::size_t i = 0;
  while (i < out.size()) {
    std::size_t end = i;
    while (end < out.size() && is_digit(out[end])) ++end;
    if (end - i == 11) out.replace(i, 11, 11, '*');
    i = end == i ? i + 1 : end;
  }
  return out;
}

void log(log_level level, std::string_view message, std::initializer_list<log_field> fields) {
  if (level < lowest_level.load(std::memory_order_relaxed)) return;
  boost::json::object entry;
  entry["time"] = format_timestamp(wall_clock{}.now());
  entry["level"] = name(level);
  entry["message"] = mask_person_numbers(message);
  for (const auto& field : fields)
    if (!field.value.empty()) entry[field.name] = mask_person_numbers(field.value);
  const auto line = boost::json::serialize(entry);
  if (const auto sink = test_sink.load()) {
    sink(line);
    return;
  }
  lines().log(spdlog::level::info, line);
}

void set_log_level(log_level lowest) {
  lowest_level = lowest;
}

void set_log_sink(void (*sink)(std::string_view line)) {
  test_sink = sink;
}

}  // namespace kp
