#include "actors/service_port.hpp"

#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

error not_supported(service which, std::string_view what) {
  return permanent(http::http_errc::refused,
                   fmt::format("{} has nothing to {}", to_string(which), what));
}

}  // namespace

std::chrono::microseconds follow_pause(const follow_pace& pace, std::chrono::microseconds age) {
  using std::chrono::microseconds;
  const microseconds slowest_at = pace.slowest_at;
  if (age >= slowest_at) return pace.longest;
  const auto part = static_cast<double>(std::max(age, microseconds(0)).count()) /
                    static_cast<double>(slowest_at.count());
  const microseconds more = pace.longest - pace.shortest;
  return microseconds(pace.shortest) +
         microseconds(static_cast<std::int64_t>(part * static_cast<double>(more.count())));
}

std::string service_port::failure_text(const sending& what, const error&) const {
  return fmt::format("Request to receiver '{}' failed delivery over {} - Moved to DLQ",
                     what.message ? what.message->receiver_identifier : std::string(),
                     to_string(which()));
}

void service_port::follow(std::vector<storage::tracked>, done<result<std::vector<progress>>> then) {
  then(not_supported(which(), "follow"));
}

void service_port::list(done<result<std::vector<waiting>>> then) {
  then(not_supported(which(), "receive"));
}

void service_port::fetch(waiting, done<std::shared_ptr<fetched>> then) {
  auto none = std::make_shared<fetched>();
  none->failure = not_supported(which(), "receive");
  then(std::move(none));
}

void service_port::confirm(waiting, taken, done<result<void>> then) {
  then(not_supported(which(), "receive"));
}

}  // namespace kp::actors
