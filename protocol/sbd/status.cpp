#include "protocol/sbd/document.hpp"
#include "protocol/sbd/message_types.hpp"

#include "config/text.hpp"

namespace kp::sbd {

namespace {

date_time moment(time_point at) {
  return {format_timestamp(at), at};
}

// Addresses alone: whom to call about the original is not copied into an answer.
std::vector<partner> addresses(const std::vector<partner>& in) {
  std::vector<partner> out;
  for (const auto& each : in) out.push_back({each.authority, each.value, {}});
  return out;
}

bool is_blank(const std::optional<std::string>& text) {
  return !text || trim(*text).empty();
}

}  // namespace

std::optional<document> make_status(const document& arrived, std::string_view status,
                                    time_point now, std::chrono::hours ttl,
                                    std::string_view scope_instance) {
  const auto* type = detail::find_message_type(arrived.type());
  if (!type || type->response_process.empty()) return std::nullopt;
  // Slightly in the past, as everybody's clock is a little off.
  constexpr auto backdated = std::chrono::seconds(5);

  document out;
  out.header.header_version = "1.0";
  out.header.sender = addresses(arrived.header.receiver);
  out.header.receiver = addresses(arrived.header.sender);
  out.header.identification.standard = "urn:no:difi:eformidling:xsd::status";
  out.header.identification.type_version = "2.0";
  out.header.identification.instance_identifier = arrived.header.identification.instance_identifier;
  out.header.identification.type = "status";
  out.header.identification.creation = moment(now - backdated);

  scope conversation;
  conversation.type = "ConversationId";
  if (const auto* original = arrived.find_scope("ConversationId"))
    conversation.instance_identifier = original->instance_identifier;
  conversation.identifier = std::string(type->response_process);
  conversation.information.push_back({moment(now + ttl), std::nullopt, std::nullopt});
  out.header.scopes.push_back(std::move(conversation));

  if (const auto* original = arrived.find_scope("MessageChannel")) {
    auto channel = *original;
    channel.type = "MessageChannel";
    if (is_blank(channel.instance_identifier)) channel.instance_identifier = scope_instance;
    out.header.scopes.push_back(std::move(channel));
  }
  out.header.has_business_scope = true;
  out.business_message["status"] = status;
  return out;
}

}  // namespace kp::sbd
