#include "protocol/altinn/broker_json.hpp"

#include "protocol/http/http_error.hpp"
#include "protocol/maskinporten/json.hpp"

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

namespace kp::altinn {

namespace {

error not_as_agreed(std::string_view call) {
  return transient(http::http_errc::bad_answer,
                   fmt::format("Broker {}: the answer is not the JSON it should be", call));
}

// detail, else title, else the fields that model validation names.
std::string reason_of(const boost::json::value& problem) {
  std::string reason =
      json::text(problem, "detail").value_or(json::text(problem, "title").value_or(""));
  const auto* fields = json::member(problem, "errors");
  if (!fields || !fields->is_object()) return reason;
  for (const auto& [field, texts] : fields->get_object()) {
    reason += fmt::format("; {}", std::string_view(field.data(), field.size()));
    if (const auto* list = texts.if_array(); list && !list->empty() && list->front().is_string())
      reason += fmt::format(": {}", std::string_view(list->front().get_string()));
  }
  return reason;
}

}  // namespace

std::string initialize_body(const initialize_request& asked) {
  boost::json::object body;
  body["fileName"] = "sbd.zip";
  body["resourceId"] = asked.resource_id;
  body["sendersFileTransferReference"] = asked.senders_reference;
  body["sender"] = asked.sender;
  boost::json::array recipients;
  recipients.emplace_back(asked.recipient);
  body["recipients"] = std::move(recipients);
  body["propertyList"] = boost::json::object();
  if (asked.checksum)
    body["checksum"] = *asked.checksum;
  else
    body["checksum"] = nullptr;
  body["disableVirusScan"] = nullptr;
  return boost::json::serialize(body);
}

result<std::string> parse_transfer_id(std::string_view body) {
  const auto value = json::parse(body);
  auto id = value ? json::text(*value, "fileTransferId") : std::nullopt;
  if (!id || id->empty()) return not_as_agreed("initialize");
  return std::move(*id);
}

result<std::vector<std::string>> parse_search(std::string_view body) {
  const auto value = json::parse(body);
  const auto* list = value ? value->if_array() : nullptr;
  if (!list) return not_as_agreed("search");
  std::vector<std::string> ids;
  for (const auto& each : *list) {
    if (!each.is_string()) return not_as_agreed("search");
    ids.emplace_back(each.get_string());
  }
  return ids;
}

result<overview> parse_overview(std::string_view body) {
  const auto value = json::parse(body);
  const auto id = value ? json::text(*value, "fileTransferId") : std::nullopt;
  const auto status = value ? json::text(*value, "fileTransferStatus") : std::nullopt;
  if (!id || !status) return not_as_agreed("overview");
  overview seen;
  seen.id = *id;
  seen.status = *status;
  seen.senders_reference = json::text(*value, "sendersFileTransferReference");
  seen.sender = json::text(*value, "sender").value_or("");
  seen.status_text = json::text(*value, "fileTransferStatusText").value_or("");
  if (const auto created = json::text(*value, "created"))
    seen.created = parse_timestamp_with_offset(*created);
  const auto size = json::integer(*value, "fileTransferSize").value_or(0);
  seen.size = size > 0 ? static_cast<std::uint64_t>(size) : 0;
  if (const auto* recipients = json::list(*value, "recipients")) {
    for (const auto& each : *recipients)
      seen.recipients.emplace_back(
          json::text(each, "recipient").value_or(""),
          json::text(each, "currentRecipientFileTransferStatusCode").value_or(""));
  }
  return seen;
}

std::string broker_code(std::string_view body) {
  const auto value = json::parse(body);
  return value ? json::text(*value, "code").value_or("") : "";
}

error broker_error(broker_endpoint endpoint, std::string_view id, const http::response& answer) {
  const auto what = id.empty() ? fmt::format("Broker {}", to_string(endpoint))
                               : fmt::format("Broker {} {}", to_string(endpoint), id);
  http::response shown;
  shown.status = answer.status;
  shown.headers = answer.headers;
  const auto problem = json::parse(answer.body);
  if (!problem) {
    shown.body = answer.body;
  } else {
    const auto code = json::text(*problem, "code").value_or("");
    const auto reason = reason_of(*problem);
    shown.body = code.empty() ? reason : fmt::format("{}: {}", code, reason);
  }
  return http::to_error(what, shown);
}

}  // namespace kp::altinn
