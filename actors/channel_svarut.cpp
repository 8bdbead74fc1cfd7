#include "actors/channel_svarut.hpp"

#include "config/text.hpp"
#include "protocol/dpf/translate.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

api::problem refused(std::string message) {
  api::problem out;
  out.status = 400;
  out.exception = "no.difi.meldingsutveksling.nextmove.NextMoveRuntimeException";
  out.message = std::move(message);
  return out;
}

}  // namespace

judged<void> check_svarut(const sbd::document& document, const channel_place& place) {
  const auto type = sbd::canonical_type(document.type());
  if (type != "arkivmelding") return {};  // receipts never leave the hub
  const auto* level = document.business_message.if_contains("sikkerhetsnivaa");
  if (!level || !level->is_int64())
    return api::business_message_invalid(type, {{"sikkerhetsnivaa", "NotNull", "must not be null",
                                                 std::nullopt, "java.lang.Integer"}});
  if (document.header.sender.empty()) return api::internal("the document names no sender");
  const auto& sender = document.header.sender.front();
  KP_TRY(const auto who, sbd::parse_identifier(sender.authority, sender.value));
  const auto& accounts = place.organisation().settings->dpf.accounts;
  if (std::ranges::find(accounts, who.part_or_primary(), &tenants::svarut_account::organisation) ==
      accounts.end())
    return api::missing_svarut_credentials(who.part_or_primary());
  return {};
}

std::optional<asked_letter_type> letter_type(const sbd::document& document) {
  const auto* dpf = document.business_message.if_contains("dpf");
  const auto* type =
      dpf && dpf->is_object() ? dpf->get_object().if_contains("forsendelseType") : nullptr;
  if (!type || !type->is_string() || type->get_string().empty() || document.header.sender.empty())
    return std::nullopt;
  const auto& sender = document.header.sender.front();
  const auto who = sbd::parse_identifier(sender.authority, sender.value);
  if (!who) return std::nullopt;
  return asked_letter_type{std::string(type->get_string()), who->part_or_primary()};
}

judged<void> check_svarut_letter(const arkivmelding::summary& summary) {
  if (trim(summary.title).empty())
    return refused("arkivmelding.xml has no offentligTittel, without which SvarUt takes nothing");
  for (const auto& name : summary.referenced_files)
    if (const auto why = dpf::why_not_a_filename(name)) return refused(*why);
  return {};
}

}  // namespace kp::actors
