#include "protocol/dpv/compose.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::dpv {

namespace {

namespace json = boost::json;

constexpr std::string_view info_process = "urn:no:difi:profile:digitalpost:info:ver1.0";
constexpr std::string_view no_content = "Ingen innhold";

// "" when absent.
std::string text(const json::object& of, std::string_view name) {
  const auto* found = of.if_contains(name);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string with_sender(std::string text, const std::string& name) {
  constexpr std::string_view variable = "$reporterName$";
  for (auto at = text.find(variable); at != std::string::npos;
       at = text.find(variable, at + name.size()))
    text.replace(at, variable.size(), name);
  return text;
}

notification notification_of(const json::object& wishes, const letter& l, const usage& use) {
  notification made;
  const auto wished = text(wishes, "varselTransportType");
  if (wished == "Epost")
    made.by = channel::email;
  else if (wished == "SMS")
    made.by = channel::sms;
  else if (wished.empty() && use.notify_email != use.notify_sms)  // neither is both (4.3)
    made.by = use.notify_email ? channel::email : channel::sms;
  made.reminder = text(wishes, "varselType") != "VarselDPVUtenRevarsel";
  made.subject = use.email_subject;
  auto said = text(wishes, l.confidential ? "taushetsbelagtVarselTekst" : "varselTekst");
  if (said.empty()) said = l.confidential ? use.sensitive_notification_text : use.notification_text;
  made.text = with_sender(std::move(said), l.sender_name);
  return made;
}

std::optional<time_point> due_date(const json::object& wishes, const usage& use, time_point now) {
  using days = std::chrono::duration<std::int64_t, std::ratio<86400>>;
  constexpr std::int64_t longest = 100 * 365;
  const auto* wished = wishes.if_contains("dagerTilSvarfrist");
  if (wished && wished->is_int64()) {
    if (wished->get_int64() <= 0) return std::nullopt;
    return now + days(std::min(wished->get_int64(), longest));
  }
  if (!use.due_date) return std::nullopt;
  return now + days(use.days_to_reply);
}

// Of a letter whose body is an arkivmelding, only files that it names are sent, and not itself.
bool is_sent(const uploaded_file& file, const std::optional<arkivmelding::summary>& summary) {
  if (!summary) return true;
  return std::ranges::find(summary->referenced_files, file.filename) !=
         summary->referenced_files.end();
}

result<sbd::identifier> first(const std::vector<sbd::partner>& of, std::string_view role) {
  if (of.empty())
    return permanent(sbd::sbd_errc::malformed_json, fmt::format("the SBD names no {}", role));
  return sbd::parse_identifier(of.front().authority, of.front().value);
}

}  // namespace

result<std::string> sender_number(const sbd::document& document, const usage& use) {
  KP_TRY(const auto sender, first(document.header.sender, "sender"));
  return sender.part.value_or(use.own_number);
}

result<letter> compose(const sbd::document& document, std::span<const uploaded_file> files,
                       const std::optional<arkivmelding::summary>& summary, std::string resource,
                       std::string sender_name, const usage& use, time_point now) {
  const auto& content = document.business_message;
  const auto type = sbd::canonical_type(document.type());
  letter l;
  KP_TRY(const auto sender, first(document.header.sender, "sender"));
  KP_TRY(const auto receiver, first(document.header.receiver, "receiver"));
  l.resource = std::move(resource);
  l.sender = document.header.sender.front().value;
  l.message = document.message().value_or(message_id{}).to_string();
  l.sender_name = std::move(sender_name);
  l.sender_number = sender.part_or_primary();
  l.recipient = recipient_urn(receiver.primary);
  l.now = now;
  l.confidential = l.resource == use.sensitive_resource;
  if (type == "arkivmelding" && summary) {
    l.title = summary->public_title.value_or(summary->entry_title.value_or(""));
    l.summary = l.title;
    l.body = summary->entry_title.value_or("");
  } else if (type == "digital_dpv") {
    l.title = text(content, "tittel");
    l.summary = text(content, "sammendrag");
    l.body = text(content, "innhold");
    if (trim(l.body).empty()) l.body = no_content;
    l.ignore_reservation = document.process() == info_process;
  } else {
    return permanent(sbd::sbd_errc::malformed_json,
                     type == "arkivmelding"
                         ? std::string("the arkivmelding has no arkivmelding.xml")
                         : fmt::format("a message of type {} cannot be sent by DPV", type));
  }
  for (const auto& file : files) {
    if (!is_sent(file, summary)) continue;
    if (file.size == 0)
      return permanent(
          config_errc::invalid_value,
          fmt::format("the file {} is empty, which Altinn refuses; leave it out", file.filename));
    l.attachments.push_back({file.filename, file.title});
  }
  const auto* wishes = content.if_contains("dpv");
  static const json::object no_wishes;
  const auto& wished = wishes && wishes->is_object() ? wishes->get_object() : no_wishes;
  l.due = due_date(wished, use, now);
  l.notify = notification_of(wished, l, use);
  return l;
}

}  // namespace kp::dpv
