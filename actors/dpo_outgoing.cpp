#include "actors/dpo_outgoing.hpp"

#include "config/config_error.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::actors {

namespace {

// "0192:910077473": the represented organisation when there is one, without the main one.
std::string wire_form(const sbd::identifier& who) {
  return who.icd.empty() ? who.part_or_primary() : who.icd + ":" + who.part_or_primary();
}

result<sbd::identifier> first(const std::vector<sbd::partner>& of, std::string_view role) {
  if (of.empty())
    return permanent(sbd::sbd_errc::invalid_identifier, fmt::format("the SBD names no {}", role));
  return sbd::parse_identifier(of.front().authority, of.front().value);
}

result<maskinporten::system_user> user_of(const tenants::organisation& settings,
                                          const std::string& sender) {
  for (auto& user : system_users(settings))
    if (user.organisation == sender) return std::move(user);
  return permanent(
      config_errc::invalid_value,
      fmt::format("Sender {} fra SBD matcher ikke konfigurerte systembrukere", sender));
}

std::vector<storage::stored_file> in_package_order(std::vector<storage::stored_file> files) {
  std::ranges::sort(files, [](const auto& a, const auto& b) {
    if (a.primary != b.primary) return a.primary;
    return a.number < b.number;
  });
  return files;
}

}  // namespace

std::vector<maskinporten::system_user> system_users(const tenants::organisation& settings) {
  std::vector<maskinporten::system_user> all{
      {settings.dpo.system_user_organisation, settings.dpo.system_user_name}};
  for (const auto& other : settings.dpo.reportees) all.push_back({other.organisation, other.name});
  return all;
}

std::string transfer_reference(const sbd::document& document,
                               const std::optional<std::string>& own_channel,
                               random_source& random) {
  const auto type = sbd::canonical_type(document.type());
  const auto channel = document.message_channel();
  const bool answers = type == "status" || sbd::is_receipt_type(type);
  if (answers && channel && channel != own_channel) return *channel;
  return random.uuid();
}

result<dpo_parcel> make_parcel(const organisation_context& in, const storage::outbox_item& item,
                               const std::optional<storage::outgoing_message>& message) {
  KP_TRY(auto document, sbd::parse(message ? message->sbd : item.sbd, in.hub->time.now()));
  KP_TRY(const auto sender, first(document.header.sender, "sender"));
  KP_TRY(const auto receiver, first(document.header.receiver, "receiver"));
  dpo_parcel parcel;
  parcel.sender = wire_form(sender);
  parcel.receiver = document.header.receiver.front().value;
  if (receiver.kind == sbd::identifier::form::iso6523 && !receiver.part)
    parcel.receiver = wire_form(receiver);
  parcel.receiver_number = receiver.primary;
  KP_TRY(parcel.as, user_of(*in.settings, parcel.sender));
  if (sender.part) document.header.sender.front().value = parcel.sender;
  parcel.process = document.process().value_or("");
  parcel.document_type = document.header.identification.standard.value_or("");
  parcel.message = item.message.to_string();
  parcel.conversation = document.conversation().value_or(conversation_id{}).to_string();
  const auto* channel = in.channel(item.channel);
  parcel.reference = transfer_reference(document, channel ? channel->message_channel : std::nullopt,
                                        in.hub->random);
  parcel.sbd = sbd::to_text(document);
  if (message) parcel.files = in_package_order(message->files);
  return parcel;
}

}  // namespace kp::actors
