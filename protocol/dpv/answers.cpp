#include "protocol/dpv/answers.hpp"

#include "config/log.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/url.hpp"
#include "protocol/maskinporten/json.hpp"

#include <fmt/format.h>

namespace kp::dpv {

namespace {

constexpr std::size_t longest_quote = 2000;  // of an answer in an error
constexpr std::chrono::seconds rest_after_forbidden{1800};

error not_as_agreed(std::string_view what) {
  return transient(
      http::http_errc::bad_answer,
      fmt::format("Correspondence: the answer to {} is not the JSON it should be", what));
}

// Altinn has written times without a zone (3.4).
std::optional<time_point> time_in(const boost::json::value& of, std::string_view name) {
  const auto text = json::text(of, name);
  if (!text) return std::nullopt;
  if (const auto at = parse_timestamp_with_offset(*text)) return at;
  return parse_timestamp_with_offset(*text + "Z");
}

}  // namespace

result<std::string> parse_upload(std::string_view body) {
  const auto value = json::parse(body);
  const auto* made = value ? json::list(*value, "correspondences") : nullptr;
  if (!made || made->empty()) return not_as_agreed("an upload");
  auto id = json::text(made->front(), "correspondenceId");
  if (!id || id->empty()) return not_as_agreed("an upload");
  return *std::move(id);
}

result<overview> parse_overview(std::string_view body) {
  const auto value = json::parse(body);
  const auto id = value ? json::text(*value, "correspondenceId") : std::nullopt;
  if (!id) return not_as_agreed("an overview");
  overview seen;
  seen.id = *id;
  seen.senders_reference = json::text(*value, "sendersReference").value_or("");
  seen.recipient = json::text(*value, "recipient").value_or("");
  if (const auto* properties = json::member(*value, "propertyList"))
    seen.sender_number = json::text(*properties, "senderOrgNumber").value_or("");
  seen.status = json::text(*value, "status").value_or("");
  seen.status_text = json::text(*value, "statusText").value_or("");
  seen.published = time_in(*value, "published");
  seen.read = time_in(*value, "read");
  return seen;
}

result<std::vector<std::string>> parse_search(std::string_view body) {
  const auto value = json::parse(body);
  const auto* list = value ? json::list(*value, "ids") : nullptr;
  if (!list) return not_as_agreed("a search");
  std::vector<std::string> ids;
  for (const auto& each : *list) {
    if (!each.is_string()) return not_as_agreed("a search");
    ids.emplace_back(each.get_string());
  }
  return ids;
}

error refusal(std::string_view url, const http::response& answer) {
  const auto parsed = http::parse_url(url);
  const auto path = parsed ? parsed->target.substr(0, parsed->target.find('?')) : std::string();
  const auto said = answer.body.empty() ? fmt::format("{} No body returned", answer.status)
                                        : mask_person_numbers(answer.body.substr(0, longest_quote));
  const auto text = fmt::format("Correspondence api error: {} [{}]: {}", url, path, said);
  error made = http::to_error("Correspondence", answer);
  made.message = text;
  switch (answer.status) {
    case 401:
      made.retryable = true;
      break;
    case 403:
      made.retryable = true;
      if (!made.retry_after) made.retry_after = rest_after_forbidden;
      break;
    default:
      break;
  }
  return made;
}

}  // namespace kp::dpv
