#include "protocol/dph/messages.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <charconv>

namespace kp::dph {

namespace json = boost::json;

namespace {

constexpr std::string_view her_id_prefix = "her-id:";
constexpr std::string_view authority = "nhn-actorid";
// dph.md 5.
constexpr std::string_view message_process = "urn:no:difi:profile:helse:helse:ver1.0";
constexpr std::string_view receipt_process = "urn:no:difi:profile:helse:response:ver1.0";
constexpr std::string_view receipt_standard = "urn:no:difi:helse:xsd::dialogmelding_kvittering";

std::string text_in(const json::object& of, std::string_view name) {
  const auto* found = of.if_contains(name);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

json::array partner(const std::string& value) {
  return {{{"identifier", {{"value", value}, {"authority", authority}}}}};
}

}  // namespace

std::optional<std::int64_t> parse_her_id(std::string_view identifier) {
  if (!identifier.starts_with(her_id_prefix)) return std::nullopt;
  identifier.remove_prefix(her_id_prefix.size());
  std::int64_t number = 0;
  const auto* end = identifier.data() + identifier.size();
  const auto done = std::from_chars(identifier.data(), end, number);
  if (done.ec != std::errc() || done.ptr != end || number <= 0) return std::nullopt;
  return number;
}

std::string her_id(std::int64_t number) {
  return fmt::format("{}{}", her_id_prefix, number);
}

result<void> complete(sbd::document& arrived, time_point now, std::chrono::hours ttl) {
  const auto message = arrived.message();
  if (!message)
    return permanent(dph_errc::invalid_document, "the message id is missing or no UUID");
  auto& header = arrived.header;
  auto* scope = arrived.find_scope("ConversationId");
  if (!scope) {
    header.has_business_scope = true;
    sbd::scope added;
    added.type = "ConversationId";
    header.scopes.insert(header.scopes.begin(), std::move(added));
    scope = &header.scopes.front();
  }
  if (!arrived.conversation()) scope->instance_identifier = message->to_string();
  if (scope->identifier.value_or("").empty()) scope->identifier = std::string(message_process);
  if (const auto deadline = arrived.expires(); deadline && *deadline > now) return {};
  if (scope->information.empty()) scope->information.emplace_back();
  scope->information.front().expected_response =
      sbd::date_time{format_timestamp(now + ttl), now + ttl};
  return {};
}

result<receipt> parse_receipt(const sbd::document& from) {
  const auto& body = from.business_message;
  const auto state = parse_receipt_state(text_in(body, "status"));
  if (!state)
    return permanent(dph_errc::invalid_document, "an application receipt without a known status");
  receipt out;
  out.about = text_in(body, "relatedToMessageId");
  out.state = *state;
  out.raw = text_in(body, "rawReceipt");
  const auto* remarks = body.if_contains("messages");
  if (!remarks || !remarks->is_array()) return out;
  for (const auto& each : remarks->get_array())
    if (const auto* object = each.if_object())
      out.remarks.push_back({text_in(*object, "code"), text_in(*object, "text")});
  return out;
}

result<sbd::document> make_receipt(const receipt_header& header, const receipt& what) {
  json::array remarks;
  for (const auto& each : what.remarks)
    remarks.push_back(json::object{{"code", each.code}, {"text", each.text}});
  const json::object scope{
      {"type", "ConversationId"},
      {"instanceIdentifier", header.conversation},
      {"identifier", receipt_process},
      {"scopeInformation", json::array{json::object{{"expectedResponseDateTime",
                                                     format_timestamp(header.now + header.ttl)}}}}};
  const json::object document{{"standardBusinessDocumentHeader",
                               {{"headerVersion", "1.0"},
                                {"sender", partner(header.sender)},
                                {"receiver", partner(header.receiver)},
                                {"documentIdentification",
                                 {{"standard", receipt_standard},
                                  {"typeVersion", "2.0"},
                                  {"instanceIdentifier", header.message},
                                  {"type", receipt_type},
                                  {"creationDateAndTime", format_timestamp(header.now)}}},
                                {"businessScope", {{"scope", json::array{scope}}}}}},
                              {receipt_type,
                               {{"relatedToMessageId", what.about},
                                {"status", to_string(what.state)},
                                {"messages", std::move(remarks)}}}};
  return sbd::parse(json::serialize(document), header.now);
}

}  // namespace kp::dph
