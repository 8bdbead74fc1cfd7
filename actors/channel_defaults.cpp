#include "actors/channel_defaults.hpp"

#include "actors/channel_health.hpp"
#include "actors/channel_print.hpp"
#include "actors/channel_scope.hpp"
#include "actors/message_rules.hpp"
#include "config/text.hpp"

namespace kp::actors {

namespace {

// Clients that follow the published page put their reference into `identifier`, while what is read
// elsewhere is `instanceIdentifier` (messages.md 11 no. 1).
void adopt_reference(sbd::scope& scope) {
  if (scope.type != "SenderRef" && scope.type != "ReceiverRef") return;
  if (scope.identifier && message_id::parse(*scope.identifier))
    scope.instance_identifier = scope.identifier;
}

void set_deadline(sbd::document& document, service via, const channel_place& place) {
  auto* scope = document.find_scope("ConversationId");
  if (!scope) return;
  if (scope->information.empty()) scope->information.emplace_back();
  auto& deadline = scope->information.front().expected_response;
  if (deadline) return;
  const auto at = place.now() + default_ttl(*place.organisation().settings, via);
  deadline = sbd::date_time{format_timestamp(at), at};
}

void name_scopes(sbd::document& document, const channel_place& place) {
  for (auto& scope : document.header.scopes) {
    if (scope.instance_identifier && !trim(*scope.instance_identifier).empty()) continue;
    scope.instance_identifier.reset();
    adopt_reference(scope);
    if (!scope.instance_identifier) scope.instance_identifier = place.uuid();
  }
}

}  // namespace

void set_defaults(sbd::document& document, const destination& to, const channel_place& place) {
  auto& header = document.header;
  const auto now = place.now();
  const auto* record = to.record ? &*to.record : nullptr;
  if (header.sender.empty()) {
    const auto own = sbd::organisation_identifier(place.organisation().id());
    header.sender.push_back({own.authority, own.value, {}});
  }
  auto& identification = header.identification;
  if (!identification.instance_identifier) identification.instance_identifier = place.uuid();
  if (!identification.creation) identification.creation = {format_timestamp(now), now};
  set_deadline(document, to.via, place);
  if (to.via == service::dph) fill_in_health(document, record);
  name_scopes(document, place);
  if (to.via == service::dpo)
    default_message_channel(document, place.message_channel(), place.uuid());
  if (to.via == service::dpi && rules_of(document.type()).has_addresses)
    fill_in_print(document, record);
}

}  // namespace kp::actors
