#include "actors/channel_health.hpp"

#include "config/text.hpp"
#include "protocol/dph/main_document.hpp"

#include <charconv>

namespace kp::actors {

namespace {

constexpr std::string_view her_id = "her-id:";
constexpr std::string_view gp_of = "fastlege-for:";

bool is_nhn(const std::vector<sbd::partner>& who) {
  if (who.empty()) return false;
  const auto parsed = sbd::parse_identifier(who.front().authority, who.front().value);
  return parsed && parsed->kind == sbd::identifier::form::nhn;
}

// 0 for what is no HER-id.
std::int64_t her_id_of(std::string_view value) {
  std::int64_t number = 0;
  if (!value.starts_with(her_id)) return number;
  value.remove_prefix(her_id.size());
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

}  // namespace

void fill_in_health(sbd::document& document, const registry::service_record* record) {
  auto* conversation = document.find_scope("ConversationId");
  if (conversation && trim(conversation->instance_identifier.value_or("")).empty())
    conversation->instance_identifier = document.header.identification.instance_identifier;

  const auto& receiver = document.header.receiver;
  if (sbd::canonical_type(document.type()) != "dialogmelding" || receiver.empty() ||
      !receiver.front().value.starts_with(gp_of) || !record || !record->patient)
    return;
  const auto& known = *record->patient;
  boost::json::object patient{{"fnr", known.number}, {"fornavn", known.first_name}};
  if (known.middle_name) patient["mellomnavn"] = *known.middle_name;
  patient["etternavn"] = known.last_name;
  document.business_message["pasient"] = std::move(patient);
}

judged<void> check_health(const sbd::document& document, const channel_place& place) {
  if (const auto violations = sbd::validate_business_message(document); !violations.empty())
    return api::business_message_invalid(sbd::canonical_type(document.type()), violations);
  // Clients know these texts, in which a property of today's installations is named.
  if (!is_nhn(document.header.sender))
    return api::sender_refused("Sender have to be a nhn-actorid for DPH messages!");
  if (!place.has_her_id(her_id_of(document.header.sender.front().value)))
    return api::sender_refused(
        "Sender have to be one of the her-ids listed in the difi.move.dph.her-ids property!");
  if (!is_nhn(document.header.receiver))
    return api::receiver_refused("Receiver have to be a nhn-actorid for DPH messages!");
  return {};
}

judged<void> check_health_document(std::string_view xml) {
  const auto checked = dph::check_main_document(xml);
  if (checked) return {};
  api::problem problem;
  problem.status = 400;
  problem.exception = "no.difi.meldingsutveksling.exceptions.InvalidDocumentException";
  problem.message = checked.error().message;
  return problem;
}

}  // namespace kp::actors
