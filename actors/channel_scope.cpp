#include "actors/channel_scope.hpp"

#include "config/text.hpp"

namespace kp::actors {

namespace {

constexpr std::string_view scope_type = "MessageChannel";

bool is_channel_scope(const sbd::scope& s) {
  return s.type == scope_type || s.type == "MESSAGE_CHANNEL";
}

bool is_blank(const std::optional<std::string>& text) {
  return !text || trim(*text).empty();
}

}  // namespace

result<std::optional<std::string>> channel_to_echo(const storage::channel_references& references,
                                                   const sbd::document& document) {
  const std::optional<std::string> none;
  if (sbd::canonical_type(document.type()) != "arkivmelding_kvittering") return none;
  const auto* related = document.business_message.if_contains("relatedToMessageId");
  if (!related || !related->is_string()) return none;
  const auto message = message_id::parse(std::string_view(related->get_string()));
  if (!message) return none;
  return references.find(*message);
}

void default_message_channel(sbd::document& document, const std::optional<std::string>& own,
                             const std::string& new_uuid) {
  if (!own) return;
  bool found = false;
  for (auto& scope : document.header.scopes) {
    if (!is_channel_scope(scope)) continue;
    found = true;
    if (is_blank(scope.identifier)) scope.identifier = *own;
  }
  if (!found) document.header.scopes.push_back({std::string(scope_type), new_uuid, *own, {}});
}

judged<void> check_message_channel(const sbd::document& document,
                                   const std::optional<std::string>& own,
                                   const std::optional<std::string>& echoed) {
  if (!own) return {};
  for (const auto& scope : document.header.scopes) {
    if (!is_channel_scope(scope) || is_blank(scope.identifier)) continue;
    if (scope.identifier == own || (echoed && scope.identifier == echoed)) continue;
    return api::message_channel_invalid(*own, *scope.identifier);
  }
  return {};
}

void echo_message_channel(sbd::document& document, const std::string& echoed,
                          const std::string& new_uuid) {
  std::erase_if(document.header.scopes, is_channel_scope);
  document.header.scopes.push_back({std::string(scope_type), new_uuid, echoed, {}});
}

}  // namespace kp::actors
