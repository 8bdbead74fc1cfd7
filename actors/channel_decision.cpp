#include "actors/channel_decision.hpp"

#include "config/log.hpp"
#include "protocol/api/page.hpp"
#include "storage/storage_error.hpp"

namespace kp::actors {

namespace {

// When to come back after a 503 that says nothing better.
constexpr std::string_view retry_after_seconds = "5";

bool disk_refused(const error& e) {
  return e.code == storage::storage_errc::io || e.code == storage::storage_errc::read_only;
}

}  // namespace

bool channel_place::sends(service via) const {
  const auto* settings = context->channel(number);
  return settings && settings->sends.contains(via) && context->settings->enabled(via);
}

bool channel_place::has_her_id(std::int64_t id) const {
  const auto* settings = context->channel(number);
  return settings && settings->addresses.her_ids.contains(id);
}

std::optional<std::string> channel_place::message_channel() const {
  const auto* settings = context->channel(number);
  return settings ? settings->message_channel : std::nullopt;
}

std::chrono::minutes channel_place::lock_timeout() const {
  const auto* settings = context->channel(number);
  return settings ? settings->lock_timeout : std::chrono::minutes(5);
}

api::problem problem_of(const error& e) {
  log(log_level::error, "a request could not be answered: " + e.message);
  if (disk_refused(e))
    return api::try_later(503, "The hub cannot store anything at the moment. Please try again.");
  if (e.retryable) return api::try_later(503, e.message);
  return api::internal(e.message);
}

api_answer empty_answer(unsigned status) {
  api_answer answer;
  answer.status = status;
  return answer;
}

api_answer json_answer(const boost::json::value& value, std::string_view content_type) {
  api_answer answer;
  answer.headers.add("Content-Type", std::string(content_type));
  answer.body = api::pretty(value);
  return answer;
}

api_answer refusal(const api::problem& problem, std::string_view path, time_point now) {
  auto answer = json_answer(api::to_json(problem, path, now));
  answer.status = problem.status;
  if (problem.status == 503 || problem.status == 429 || problem.status == 409)
    answer.headers.add("Retry-After", std::string(retry_after_seconds));
  return answer;
}

}  // namespace kp::actors
