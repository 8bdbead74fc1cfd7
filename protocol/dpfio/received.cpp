#include "protocol/dpfio/received.hpp"

#include "config/text.hpp"
#include "protocol/dpfio/dpfio_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::dpfio {

namespace {

constexpr std::string_view queue_prefix = "fiksio.konto.";
constexpr std::string_view own_prefix = "egendefinert-header.";
constexpr std::size_t longest_type = 255, longest_value = 1000;
constexpr std::size_t most_headers = 100;
constexpr std::chrono::seconds backdated{5};  // dpfio.md 4.2
constexpr std::string_view iso6523 = "iso6523-actorid-upis";

std::optional<std::string> as_uuid(std::string_view text) {
  const auto parsed = message_id::parse(text);
  if (!parsed || text.size() != 36) return std::nullopt;
  return to_lower(text);
}

bool is_plain(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && is_utf8(text) &&
         std::ranges::none_of(
             text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

error bad(std::string why) {
  return permanent(dpfio_errc::bad_delivery, std::move(why));
}

result<std::string> required(const delivery& from, const std::string& name) {
  const auto found = from.headers.find(name);
  if (found == from.headers.end()) return bad(fmt::format("the header {} is missing", name));
  return found->second;
}

result<std::string> required_uuid(const delivery& from, const std::string& name) {
  KP_TRY(const auto text, required(from, name));
  auto id = as_uuid(text);
  if (!id) return bad(fmt::format("the header {} is no UUID", name));
  return *std::move(id);
}

std::string optional(const delivery& from, const std::string& name) {
  const auto found = from.headers.find(name);
  if (found == from.headers.end() || !is_plain(found->second, longest_value)) return {};
  return found->second;
}

sbd::scope reference(std::string_view type, std::string value) {
  sbd::scope out;
  out.type = type;
  out.instance_identifier = std::move(value);
  return out;
}

sbd::date_time written(time_point at) {
  return {format_timestamp(at), at};
}

}  // namespace

const std::string* received::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : &found->second;
}

std::optional<std::string> account_of(std::string_view routing_key) {
  if (!routing_key.starts_with(queue_prefix)) return std::nullopt;
  return as_uuid(routing_key.substr(queue_prefix.size()));
}

std::string queue_of(std::string_view account) {
  return std::string(queue_prefix) + std::string(account);
}

result<received> read_delivery(const delivery& from) {
  received out;
  const auto account = account_of(from.routing_key);
  if (!account) return bad("it did not come from the queue of an account");
  out.account = *account;
  KP_TRY(out.id, required_uuid(from, "melding-id"));
  KP_TRY(out.type, required(from, "type"));
  if (!is_plain(out.type, longest_type)) return bad("the header type is no type of a message");
  KP_TRY(out.sender, required_uuid(from, "avsender-id"));
  out.sender_name = optional(from, "avsender-navn");
  out.reply_to = as_uuid(optional(from, "svar-til"));
  out.reply_to_type = optional(from, "svar-til-type");
  if (const auto at = from.headers.find("dokumentlager-id"); at != from.headers.end()) {
    out.document = as_uuid(at->second);
    if (!out.document) return bad("the header dokumentlager-id is no UUID");
  }
  if (!from.body && from.size > 0)
    return bad(fmt::format("its body of {} bytes is larger than {}", from.size, most_body));
  for (const auto& [name, value] : from.headers)
    if (name.starts_with(own_prefix) && is_plain(name, longest_value) &&
        is_plain(value, longest_value) && out.headers.size() < most_headers)
      out.headers.emplace(name.substr(own_prefix.size()), value);
  return out;
}

// Production may or may not write a version behind (dpfio.md 12).
notice notice_of(std::string_view type) {
  if (type.starts_with("no.ks.fiks.kvittering.tidsavbrudd")) return notice::expired;
  if (type.starts_with("no.ks.fiks.kvittering.serverfeil")) return notice::failed;
  return notice::none;
}

sbd::document to_document(const received& from, const seen_as& as, time_point now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  sbd::document out;
  auto& header = out.header;
  header.header_version = "1.0";
  header.sender.push_back({std::string(iso6523), as.sender, {}});
  header.receiver.push_back({std::string(iso6523), as.receiver, {}});
  header.identification.standard = from.type;
  header.identification.type_version = "2.0";
  header.identification.instance_identifier = from.id;
  header.identification.type = "fiksio";
  header.identification.creation = written(seconds - backdated);
  header.has_business_scope = true;
  auto conversation = reference("ConversationId", from.id);
  conversation.identifier = from.type;
  sbd::scope_information until;
  until.expected_response = written(seconds + as.ttl);
  conversation.information.push_back(std::move(until));
  header.scopes.push_back(std::move(conversation));
  if (const auto* theirs = from.header(std::string(client_message)))
    header.scopes.push_back(reference("SenderRef", *theirs));
  if (from.reply_to) header.scopes.push_back(reference("ReceiverRef", *from.reply_to));
  return out;
}

}  // namespace kp::dpfio
