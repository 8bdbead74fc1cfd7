#include "config/ids.hpp"
#include "config/text.hpp"
#include "protocol/sbd/document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <limits>

// The bean validation of today's installations on create (rest-api.md 4.1, 11.3; messages.md 1.3,
// 1.4). Sets have no order, so an element's place in a path is `[]`.

namespace kp::sbd {

namespace json = boost::json;

namespace {

constexpr std::string_view string_type = "java.lang.String";
constexpr std::string_view set_type = "java.util.Set";
constexpr std::string_view model = "no.difi.meldingsutveksling.domain.sbdh";

constexpr std::array<std::string_view, 6> scope_types{
    "ConversationId", "ParentId", "SenderRef", "ReceiverRef", "MessageChannel", "JournalpostId"};

bool is_blank(const std::optional<std::string>& text) {
  return !text || trim(*text).empty();
}

bool is_message_type_name(std::string_view type) {
  // A name without a model; it passes here and never gets this far through the parser.
  return is_known_type(type) || equals_ignoring_case(type, "feil");
}

// As Java prints a scope; clients see it in the text of one violation.
std::string dump(const scope& in) {
  return fmt::format("Scope(type={}, instanceIdentifier={}, identifier={}, scopeInformation=[])",
                     in.type, in.instance_identifier.value_or("null"),
                     in.identifier.value_or("null"));
}

json::value as_json(const scope& in) {
  json::object out{{"type", in.type}};
  if (in.instance_identifier) out["instanceIdentifier"] = *in.instance_identifier;
  if (in.identifier) out["identifier"] = *in.identifier;
  return out;
}

class validator {
 public:
  validator(const document& what, time_point now) : header_(what.header), now_(now) {}

  std::vector<violation> run() {
    if (!header_.header_version) not_null("headerVersion", string_type);
    check_partners(header_.sender, "sender", true);
    check_partners(header_.receiver, "receiver", false);
    check_identification();
    check_manifest();
    check_scopes();
    return std::move(out_);
  }

 private:
  violation& add(std::string_view path, std::string_view constraint, std::string text,
                 std::string_view java_type) {
    violation found;
    found.path = fmt::format("standardBusinessDocumentHeader.{}", path);
    found.constraint = constraint;
    found.text = std::move(text);
    found.java_type = java_type;
    return out_.emplace_back(std::move(found));
  }
  void not_null(std::string_view path, std::string_view java_type) {
    add(path, "NotNull", "must not be null", java_type);
  }
  void wrong_size(std::string_view path, std::int32_t min, std::int32_t max, json::value rejected) {
    auto& found =
        add(path, "Size", fmt::format("size must be between {} and {}", min, max), set_type);
    found.attributes = {max, min};
    found.rejected = std::move(rejected);
  }

  void check_partners(const std::vector<partner>& partners, std::string_view name, bool is_sender) {
    if (partners.size() > 1) wrong_size(name, 0, 1, as_written(name));
    for (const auto& each : partners) {
      const auto path = fmt::format("{}[].identifier", name);
      if (each.value.empty() && each.authority.empty()) {
        not_null(path, fmt::format("{}.PartnerIdentification", model));
      } else {
        if (each.value.empty()) not_null(path + ".value", string_type);
        if (each.authority.empty()) not_null(path + ".authority", string_type);
      }
      if (is_sender && !each.value.empty() && !is_sender_value(each.value))
        add(path + ".value", "SenderValue",
            "{no.difi.meldingsutveksling.validation.IntegrasjonspunktOrganization}", string_type)
            .rejected = json::value(each.value);
      for (const auto& contact : each.contact_information)
        if (contact.contact.empty())
          not_null(fmt::format("{}[].contactInformation[].contact", name), string_type);
    }
  }

  // The partners as the client sees them: the document's own JSON.
  json::value as_written(std::string_view name) const {
    document just_header;
    just_header.header.sender = header_.sender;
    just_header.header.receiver = header_.receiver;
    const auto written = to_json(just_header);
    return written.at("standardBusinessDocumentHeader").at(name);
  }

  void check_identification() {
    const auto& identification = header_.identification;
    const auto path = [](std::string_view leaf) {
      return fmt::format("documentIdentification.{}", leaf);
    };
    if (!identification.standard) not_null(path("standard"), string_type);
    if (!identification.type_version) not_null(path("typeVersion"), string_type);
    if (const auto& id = identification.instance_identifier; id && !message_id::parse(*id))
      add(path("instanceIdentifier"), "UUID", fmt::format("'{}' is not a UUID.", *id), string_type)
          .rejected = json::value(*id);
    if (!identification.type)
      not_null(path("type"), string_type);
    else if (!is_message_type_name(*identification.type))
      add(path("type"), "MessageType", "Must be a NextMove message type", string_type).rejected =
          json::value(*identification.type);
  }

  void check_manifest() {
    if (!header_.manifest) return;
    const auto* items = header_.manifest->if_contains("manifestItem");
    if (!items) return not_null("manifest.manifestItem", set_type);
    if (!items->is_array()) return;
    if (items->get_array().empty())
      wrong_size("manifest.manifestItem", 1, std::numeric_limits<std::int32_t>::max(),
                 json::array());
    for (const auto& item : items->get_array())
      for (const auto* name : {"mimeTypeQualifierCode", "uniformResourceIdentifier"})
        if (const auto* object = item.if_object(); object && !object->contains(name))
          not_null(fmt::format("manifest.manifestItem[].{}", name), string_type);
  }

  void check_scopes() {
    if (!header_.has_business_scope && header_.scopes.empty())
      return not_null("businessScope", fmt::format("{}.BusinessScope", model));
    if (header_.scopes.empty())
      wrong_size("businessScope.scope", 1, std::numeric_limits<std::int32_t>::max(), json::array());
    for (const auto& each : header_.scopes) check_scope(each);
  }

  void check_scope(const scope& in) {
    if (in.type.empty()) {
      not_null("businessScope.scope[].type", string_type);
    } else if (std::ranges::find(scope_types, in.type) == scope_types.end()) {
      auto& found = add("businessScope.scope[].type", "OneOf",
                        fmt::format("'{}' is not expected. Allowed values are: [{}]", in.type,
                                    fmt::join(scope_types, ", ")),
                        string_type);
      found.rejected = json::value(in.type);
      found.attributes.emplace_back(json::array(scope_types.begin(), scope_types.end()));
    }
    // A blank one is filled in later; for other types any text will do.
    if (in.type == "ConversationId" && !is_blank(in.instance_identifier) &&
        !conversation_id::parse(*in.instance_identifier))
      add("businessScope.scope[]", "SbdScopeConditionalInstanceIdentifierUuid",
          fmt::format("'{}' is not a UUID.", dump(in)), fmt::format("{}.Scope", model))
          .rejected = as_json(in);
    for (const auto& information : in.information)
      if (const auto& expected = information.expected_response; expected && expected->at <= now_)
        add("businessScope.scope[].scopeInformation[].expectedResponseDateTime", "Future",
            "must be a future date", "java.time.OffsetDateTime")
            .rejected = json::value(expected->text);
  }

  const header& header_;
  time_point now_;
  std::vector<violation> out_;
};

}  // namespace

std::vector<violation> validate_for_create(const document& what, time_point now) {
  return validator(what, now).run();
}

std::vector<violation> validate_business_message(const document& what) {
  std::vector<violation> out;
  if (canonical_type(what.type()) != "dialogmelding") return out;
  const auto not_null = [&](std::string path, std::string_view java_type) {
    violation found;
    found.path = std::move(path);
    found.constraint = "NotNull";
    found.text = "must not be null";
    found.java_type = java_type;
    out.push_back(std::move(found));
  };
  const auto* patient = what.business_message.if_contains("pasient");
  if (!patient || !patient->is_object()) {
    not_null("pasient", "no.difi.meldingsutveksling.nextmove.Patient");
    return out;
  }
  for (const auto* name : {"fnr", "fornavn", "etternavn"})
    if (!patient->get_object().contains(name))
      not_null(fmt::format("pasient.{}", name), string_type);
  return out;
}

}  // namespace kp::sbd
