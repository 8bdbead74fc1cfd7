#include "protocol/sbd/document.hpp"

#include "config/text.hpp"
#include "protocol/sbd/json_text.hpp"
#include "protocol/sbd/message_types.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace kp::sbd {

namespace json = boost::json;

namespace {

// The Java constant of a scope type: ConversationId -> CONVERSATION_ID.
std::string java_spelling(std::string_view type) {
  std::string out;
  for (const char c : type) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !out.empty()) out += '_';
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

void put(json::object& to, std::string_view name, const std::optional<std::string>& value) {
  if (value) to[name] = *value;
}

void put(json::object& to, std::string_view name, const std::optional<date_time>& value) {
  if (value) to[name] = value->text;
}

json::object write(const contact& in) {
  json::object out;
  if (!in.contact.empty()) out["contact"] = in.contact;
  put(out, "emailAddress", in.email_address);
  put(out, "faxNumber", in.fax_number);
  put(out, "telephoneNumber", in.telephone_number);
  put(out, "contactTypeIdentifier", in.contact_type_identifier);
  return out;
}

json::object write(const scope_information& in) {
  json::object out;
  put(out, "expectedResponseDateTime", in.expected_response);
  put(out, "requestingDocumentCreationDateTime", in.requesting_document_creation);
  put(out, "requestingDocumentInstanceIdentifier", in.requesting_document_instance_identifier);
  return out;
}

template <class T>
json::array write(const std::vector<T>& in);

json::object write(const partner& in) {
  json::object out;
  out["identifier"] = json::object{{"value", in.value}, {"authority", in.authority}};
  if (!in.contact_information.empty()) out["contactInformation"] = write(in.contact_information);
  return out;
}

json::object write(const scope& in) {
  json::object out;
  out["type"] = in.type;
  put(out, "instanceIdentifier", in.instance_identifier);
  put(out, "identifier", in.identifier);
  if (!in.information.empty()) out["scopeInformation"] = write(in.information);
  return out;
}

template <class T>
json::array write(const std::vector<T>& in) {
  json::array out;
  for (const auto& element : in) out.push_back(write(element));
  return out;
}

json::object write_manifest(json::object manifest) {
  if (manifest.contains("numberOfItems")) return manifest;
  const auto* items = manifest.if_contains("manifestItem");
  json::object out{{"numberOfItems", items && items->is_array() ? items->get_array().size() : 0}};
  for (auto& member : manifest) out[member.key()] = std::move(member.value());
  return out;
}

json::object write(const header& in) {
  json::object identification;
  put(identification, "standard", in.identification.standard);
  put(identification, "typeVersion", in.identification.type_version);
  put(identification, "instanceIdentifier", in.identification.instance_identifier);
  if (in.identification.type) identification["type"] = canonical_type(*in.identification.type);
  if (in.identification.multiple_type)
    identification["multipleType"] = *in.identification.multiple_type;
  put(identification, "creationDateAndTime", in.identification.creation);

  json::object out;
  put(out, "headerVersion", in.header_version);
  out["sender"] = write(in.sender);
  out["receiver"] = write(in.receiver);
  out["documentIdentification"] = std::move(identification);
  if (in.manifest) out["manifest"] = write_manifest(*in.manifest);
  if (in.has_business_scope || !in.scopes.empty())
    out["businessScope"] = json::object{{"scope", write(in.scopes)}};
  return out;
}

std::optional<std::string> unless_blank(const std::optional<std::string>& text) {
  return text && !trim(*text).empty() ? text : std::nullopt;
}

}  // namespace

const scope* document::find_scope(std::string_view type) const {
  const auto java = java_spelling(type);
  const auto found = std::ranges::find_if(
      header.scopes, [&](const scope& s) { return s.type == type || s.type == java; });
  return found == header.scopes.end() ? nullptr : &*found;
}

scope* document::find_scope(std::string_view type) {
  return const_cast<scope*>(std::as_const(*this).find_scope(type));
}

std::optional<message_id> document::message() const {
  return message_id::parse(header.identification.instance_identifier.value_or(""));
}

std::optional<conversation_id> document::conversation() const {
  const auto* conversation = find_scope("ConversationId");
  if (!conversation) return std::nullopt;
  return conversation_id::parse(conversation->instance_identifier.value_or(""));
}

std::optional<std::string> document::process() const {
  const auto* conversation = find_scope("ConversationId");
  return conversation ? unless_blank(conversation->identifier) : std::nullopt;
}

std::optional<time_point> document::expires() const {
  const auto* conversation = find_scope("ConversationId");
  if (!conversation || conversation->information.empty()) return std::nullopt;
  const auto& expected = conversation->information.front().expected_response;
  return expected ? std::optional(expected->at) : std::nullopt;
}

std::string document::type() const {
  return header.identification.type.value_or("");
}

std::optional<std::string> document::message_channel() const {
  const auto* channel = find_scope("MessageChannel");
  return channel ? unless_blank(channel->identifier) : std::nullopt;
}

std::optional<std::string> document::main_document() const {
  const auto* name = business_message.if_contains("hoveddokument");
  if (!name || !name->is_string()) return std::nullopt;
  return std::string(name->get_string());
}

json::object to_json(const document& in) {
  json::object out;
  out["standardBusinessDocumentHeader"] = write(in.header);
  out[canonical_type(in.type())] = in.business_message;
  return out;
}

std::string to_text(const document& in) {
  return pretty_json(to_json(in));
}

bool is_known_type(std::string_view type) {
  return detail::find_message_type(type) != nullptr;
}

std::string canonical_type(std::string_view type) {
  return to_lower(type);
}

bool is_receipt_type(std::string_view type) {
  return canonical_type(type).ends_with("_kvittering");
}

bool needs_file(std::string_view type) {
  const auto* found = detail::find_message_type(type);
  return found && found->needs_file;
}

}  // namespace kp::sbd
