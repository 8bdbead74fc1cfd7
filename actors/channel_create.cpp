#include "actors/channel_create.hpp"

#include "actors/channel_health.hpp"
#include "actors/channel_print.hpp"
#include "actors/channel_scope.hpp"
#include "actors/channel_svarut.hpp"
#include "actors/message_rules.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

std::string or_null(const std::optional<std::string>& text) {
  return text.value_or("null");
}

// The words that clients and their support staff know from today's installations.
std::string lookup_text(const registry::lookup& what) {
  return "Service record not found for parameters: " + registry::describe(what);
}

std::optional<int> security_level(const sbd::document& document) {
  const auto* level = document.business_message.if_contains("sikkerhetsnivaa");
  if (!level || !level->is_int64()) return std::nullopt;
  return static_cast<int>(level->get_int64());
}

// A sender that is another organisation is represented by this one (4.4 step 1, messages.md 2.1).
judged<void> normalise_sender(sbd::document& document, organisation_id own) {
  if (document.header.sender.empty()) return {};
  auto& sender = document.header.sender.front();
  const auto who = sbd::parse_identifier(sender.authority, sender.value);
  if (!who) return api::sbd_unreadable(who.error(), false);
  if (who->kind == sbd::identifier::form::iso6523 && !who->part && who->primary != own.to_string())
    sender.value = fmt::format("{}:{}:{}", who->icd, own.to_string(), who->primary);
  return {};
}

std::string full_value(const sbd::identifier& who) {
  if (who.kind != sbd::identifier::form::iso6523) return who.value;
  return who.part ? fmt::format("{}:{}:{}", who.icd, who.primary, *who.part)
                  : fmt::format("{}:{}", who.icd, who.primary);
}

judged<storage::conversation> conversation_of(const storage::outgoing_message& message,
                                              const sbd::document& document, time_point now) {
  storage::conversation c;
  c.message = message.message;
  c.conversation_ref = message.conversation;
  c.channel = message.channel;
  c.way = direction::outgoing;
  c.via = message.via;
  const auto& sender = document.header.sender.front();
  KP_TRY(const auto from, sbd::parse_identifier(sender.authority, sender.value));
  c.sender = full_value(from);
  c.sender_identifier = message.sender_identifier;
  if (!document.header.receiver.empty()) {
    const auto& receiver = document.header.receiver.front();
    KP_TRY(const auto to, sbd::parse_identifier(receiver.authority, receiver.value));
    c.receiver = full_value(to);
    c.receiver_identifier = message.receiver_identifier;
  }
  c.process = message.process;
  c.document_type = document.header.identification.standard.value_or("");
  c.message_reference = message.conversation.to_string();
  c.last_update = now;
  c.expires = message.expires;
  return c;
}

}  // namespace

judged<sbd::document> read_new_document(std::string_view json, bool multipart, organisation_id own,
                                        time_point now) {
  auto document = sbd::parse(json, now);
  if (!document) return api::sbd_unreadable(document.error(), multipart);
  if (const auto violations = sbd::validate_for_create(*document, now); !violations.empty())
    return api::sbd_invalid(violations, multipart);
  KP_CHECK(normalise_sender(*document, own));
  // Receivers read a document only when its member is spelled canonically (messages.md 11 no. 4).
  document->header.identification.type = sbd::canonical_type(document->type());
  return *std::move(document);
}

judged<std::optional<registry::lookup>> receiver_lookup(const sbd::document& document) {
  registry::lookup what;
  if (!document.header.receiver.empty()) {
    const auto& receiver = document.header.receiver.front();
    const auto who = sbd::parse_identifier(receiver.authority, receiver.value);
    if (!who) return api::sbd_unreadable(who.error(), false);
    what.identifier = who->primary;
  }
  what.process = document.process();
  if (!what.process) return api::sbd_missing_process();
  if (document.header.receiver.empty() || rules_of(document.type()).always)
    return std::optional<registry::lookup>{};
  what.security_level = security_level(document);
  if (const auto conversation = document.conversation())
    what.conversation = conversation->to_string();
  return std::optional(std::move(what));
}

service service_without_lookup(const sbd::document& document) {
  const auto& rules = rules_of(document.type());
  const auto decided = document.header.receiver.empty() ? rules.without_receiver : rules.always;
  return decided.value_or(service::unknown);
}

judged<destination> destination_of(const sbd::document& document, const registry::lookup& what,
                                   const receiver_answer& answer) {
  const auto process = what.process.value_or("");
  if (answer.failure) {
    const auto& code = answer.failure->code;
    if (code == registry::registry_errc::not_found)
      return api::receiver_does_not_accept_process(process, lookup_text(what));
    if (code == registry::registry_errc::refused)
      return api::receiver_does_not_accept_process(
          process, registry::text_for_client(*answer.failure, what));
    return problem_of(*answer.failure);
  }
  if (!answer.found) return api::internal("the registry desk answered nothing");
  const auto& standard = document.header.identification.standard;
  for (const auto& record : answer.found->records)
    if (std::ranges::find(record.document_types, standard) != record.document_types.end())
      return destination{record.via, record};
  return api::receiver_does_not_accept_process(
      process, fmt::format("{}, documentType={}", lookup_text(what), or_null(standard)));
}

judged<void> check_id_is_free(const sbd::document& document, const channel_place& place) {
  const auto id = document.message();
  if (!id) return api::internal("the document has no message id");
  const auto& organisation = place.organisation();
  const auto taken = [&] { return api::message_already_exists(id->to_string()); };
  KP_TRY(const auto owner, organisation.messages.owner(*id));
  if (owner) return taken();
  if (document.type() == "status") return {};
  for (const auto way : {direction::outgoing, direction::incoming}) {
    KP_TRY(const auto conversation, organisation.conversations.find(way, *id));
    if (conversation) return taken();
  }
  return {};
}

judged<void> check_and_route(sbd::document& document, service via, const channel_place& place) {
  if (!place.sends(via)) return api::service_not_enabled(to_string(via));
  if (rules_of(document.type()).has_addresses) KP_CHECK(check_addresses(document));
  const auto standard = document.header.identification.standard.value_or("");
  if (rules_of(via).standard_ends_with_type && !standard.ends_with("::" + document.type()))
    return api::message_type_does_not_fit(document.type(), standard);
  if (via == service::dph) return check_health(document, place);
  if (via == service::dpf) return check_svarut(document, place);
  if (via != service::dpo) return {};
  KP_TRY(const auto echoed, channel_to_echo(place.organisation().references, document));
  KP_CHECK(check_message_channel(document, place.message_channel(), echoed));
  if (echoed) echo_message_channel(document, *echoed, place.uuid());
  return {};
}

judged<storage::outgoing_message> make_message(const sbd::document& document, service via,
                                               const channel_place& place,
                                               std::vector<storage::stored_file> files) {
  const auto id = document.message();
  const auto conversation = document.conversation();
  const auto expires = document.expires();
  if (!id || !conversation || !expires || document.header.sender.empty())
    return api::internal("the document lacks what its defaults give");
  storage::outgoing_message message;
  message.message = *id;
  message.conversation = *conversation;
  message.channel = place.number;
  message.via = via;
  message.type = document.type();
  message.process = document.process().value_or("");
  const auto& sender = document.header.sender.front();
  KP_TRY(const auto from, sbd::parse_identifier(sender.authority, sender.value));
  message.sender_identifier = from.part_or_primary();
  if (!document.header.receiver.empty()) {
    const auto& receiver = document.header.receiver.front();
    KP_TRY(const auto to, sbd::parse_identifier(receiver.authority, receiver.value));
    message.receiver_identifier = to.primary;
  }
  message.sbd = sbd::to_text(document);
  message.last_updated = place.now();
  message.expires = *expires;
  message.files = std::move(files);
  return message;
}

judged<void> add_message(decision& d, storage::outgoing_message& message,
                         const sbd::document& document, const channel_place& place,
                         const std::optional<arkivmelding::summary>& summary) {
  const auto& organisation = place.organisation();
  const auto now = place.now();
  KP_TRY(message.id, organisation.ids->next(d.changes));
  organisation.messages.insert(d.changes, message);
  // A client's own status message may share the id of the conversation it is about; of other types
  // it is known that there is none (check_id_is_free).
  if (document.type() == "status")
    for (const auto way : {direction::outgoing, direction::incoming}) {
      KP_TRY(const auto there, organisation.conversations.find(way, message.message));
      if (there) return {};
    }
  KP_TRY(auto conversation, conversation_of(message, document, now));
  if (summary) describe(conversation, *summary);
  KP_CHECK(storage::start_conversation(d.changes, organisation.conversations, organisation.statuses,
                                       *organisation.ids, conversation,
                                       {{storage::status_name::opprettet, {}, {}, now}}));
  d.expiry = true;
  return {};
}

judged<void> add_outbox_item(decision& d, const storage::outgoing_message& message,
                             const channel_place& place) {
  storage::outbox_item item;
  KP_TRY(item.id, place.organisation().ids->next(d.changes));
  item.via = message.via;
  item.channel = message.channel;
  item.message = message.message;
  item.kind = storage::outbox_kind::message;
  item.queued = item.due = place.now();
  item.expires = message.expires;
  place.organisation().outbox(message.via).insert(d.changes, item);
  d.outbox = message.via;
  return {};
}

}  // namespace kp::actors
