#include "protocol/webhooks/push.hpp"

#include "config/text.hpp"
#include "protocol/crypto/hmac.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace kp::webhooks {

namespace json = boost::json;

std::string ping_body(time_point created) {
  json::object body;
  body["createdTs"] = format_timestamp(created);
  body["event"] = "ping";
  return json::serialize(body);
}

std::string event_body(const status_event& event) {
  json::object body;
  body["createdTs"] = format_timestamp(event.created);
  body["resource"] = "messages";
  body["event"] = "status";
  body["messageId"] = event.message.to_string();
  body["conversationId"] = event.conversation.to_string();
  body["direction"] = to_string(event.way);
  if (event.via != service::unknown) body["serviceIdentifier"] = to_string(event.via);
  body["status"] = event.status;
  if (event.description) body["description"] = *event.description;
  return json::serialize(body);
}

std::string signature(std::string_view body, time_point at,
                      const std::vector<std::string>& secrets) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
  const auto signed_text = fmt::format("{}.{}", seconds, body);
  auto field = fmt::format("t={}", seconds);
  for (const auto& secret : secrets)
    field += ",v1=" + to_hex(crypto::hmac_sha256(secret, signed_text));
  return field;
}

http::headers push_headers(std::string_view body, time_point at,
                           const std::vector<std::string>& secrets, std::string_view event_id,
                           std::uint32_t attempt) {
  http::headers all;
  all.add("Content-Type", "application/json");
  all.add("Knutepunkt-Signature", signature(body, at, secrets));
  all.add("Knutepunkt-Event-Id", std::string(event_id));
  all.add("Knutepunkt-Attempt", std::to_string(attempt));
  return all;
}

}  // namespace kp::webhooks
