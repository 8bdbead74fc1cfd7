#include "config/log.hpp"
#include "protocol/sbd/document.hpp"
#include "protocol/sbd/json_text.hpp"
#include "protocol/sbd/message_types.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <array>

namespace kp::sbd {

namespace json = boost::json;

namespace {

using detail::field;
using detail::kind;
using detail::shape;

constexpr std::string_view header_name = "standardBusinessDocumentHeader";

constexpr std::array identifier_fields{field{"value"}, field{"authority"}};
constexpr shape identifier_shape{identifier_fields};
constexpr std::array contact_fields{
    field{"contact"},         field{"emailAddress"},          field{"faxNumber"},
    field{"telephoneNumber"}, field{"contactTypeIdentifier"},
};
constexpr shape contact_shape{contact_fields};
constexpr std::array partner_fields{
    field{"identifier", kind::object, &identifier_shape},
    field{"contactInformation", kind::array, &contact_shape},
};
constexpr shape partner_shape{partner_fields};
constexpr std::array identification_fields{
    field{"standard"},
    field{"typeVersion"},
    field{"instanceIdentifier"},
    field{"type"},
    field{"multipleType", kind::boolean},
    field{"creationDateAndTime", kind::date_time},
};
constexpr shape identification_shape{identification_fields};
constexpr std::array manifest_item_fields{
    field{"mimeTypeQualifierCode"},
    field{"uniformResourceIdentifier"},
    field{"description"},
    field{"languageCode"},
};
constexpr shape manifest_item_shape{manifest_item_fields};
constexpr std::array manifest_fields{
    field{"numberOfItems", kind::integer},
    field{"manifestItem", kind::array, &manifest_item_shape},
};
constexpr shape manifest_shape{manifest_fields};
constexpr std::array scope_information_fields{
    field{"expectedResponseDateTime", kind::date_time},
    field{"requestingDocumentCreationDateTime", kind::date_time},
    field{"requestingDocumentInstanceIdentifier"},
};
constexpr shape scope_information_shape{scope_information_fields};
constexpr std::array scope_fields{
    field{"type"},
    field{"instanceIdentifier"},
    field{"identifier"},
    field{"scopeInformation", kind::array, &scope_information_shape},
};
constexpr shape scope_shape{scope_fields};
constexpr std::array business_scope_fields{field{"scope", kind::set, &scope_shape}};
constexpr shape business_scope_shape{business_scope_fields};
constexpr std::array header_fields{
    field{"headerVersion"},
    field{"sender", kind::array, &partner_shape},
    field{"receiver", kind::array, &partner_shape},
    field{"documentIdentification", kind::object, &identification_shape},
    field{"manifest", kind::object, &manifest_shape},
    field{"businessScope", kind::object, &business_scope_shape},
};
constexpr shape header_shape{header_fields};

// The readers below take normalised JSON: a member is absent or has the type its shape says.

std::optional<std::string> text(const json::object& in, std::string_view name) {
  const auto* value = in.if_contains(name);
  if (!value) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<date_time> moment(const json::object& in, std::string_view name, time_point now) {
  auto as_text = text(in, name);
  if (!as_text) return std::nullopt;
  const auto at = parse_timestamp(*as_text, now);
  if (!at) return std::nullopt;
  return date_time{std::move(*as_text), *at};
}

template <class Read>
auto each(const json::object& in, std::string_view name, Read read) {
  std::vector<decltype(read(in))> out;
  if (const auto* elements = in.if_contains(name))
    for (const auto& element : elements->get_array()) out.push_back(read(element.get_object()));
  return out;
}

contact read_contact(const json::object& in) {
  return {text(in, "contact").value_or(""), text(in, "emailAddress"), text(in, "faxNumber"),
          text(in, "telephoneNumber"), text(in, "contactTypeIdentifier")};
}

partner read_partner(const json::object& in) {
  partner out;
  if (const auto* identifier = in.if_contains("identifier")) {
    out.authority = text(identifier->get_object(), "authority").value_or("");
    out.value = text(identifier->get_object(), "value").value_or("");
  }
  out.contact_information = each(in, "contactInformation", read_contact);
  return out;
}

scope read_scope(const json::object& in, time_point now) {
  scope out;
  out.type = text(in, "type").value_or("");
  out.instance_identifier = text(in, "instanceIdentifier");
  out.identifier = text(in, "identifier");
  out.information = each(in, "scopeInformation", [&](const json::object& information) {
    return scope_information{moment(information, "expectedResponseDateTime", now),
                             moment(information, "requestingDocumentCreationDateTime", now),
                             text(information, "requestingDocumentInstanceIdentifier")};
  });
  return out;
}

header read_header(const json::object& in, time_point now) {
  header out;
  out.header_version = text(in, "headerVersion");
  out.sender = each(in, "sender", read_partner);
  out.receiver = each(in, "receiver", read_partner);
  if (const auto* value = in.if_contains("documentIdentification")) {
    const auto& identification = value->get_object();
    out.identification.standard = text(identification, "standard");
    out.identification.type_version = text(identification, "typeVersion");
    out.identification.instance_identifier = text(identification, "instanceIdentifier");
    out.identification.type = text(identification, "type");
    if (const auto* multiple = identification.if_contains("multipleType"))
      out.identification.multiple_type = multiple->get_bool();
    out.identification.creation = moment(identification, "creationDateAndTime", now);
  }
  if (const auto* manifest = in.if_contains("manifest")) out.manifest = manifest->get_object();
  if (const auto* business_scope = in.if_contains("businessScope")) {
    out.has_business_scope = true;
    out.scopes = each(business_scope->get_object(), "scope",
                      [&](const json::object& object) { return read_scope(object, now); });
  }
  return out;
}

error bad_structure(std::string message) {
  return permanent(sbd_errc::bad_structure, mask_person_numbers(message));
}

error expected_token(std::string_view wanted, std::string_view found) {
  return bad_structure(fmt::format("Expected token {}, but found {}", wanted, found));
}

error expected_field(std::string_view wanted, std::string_view found) {
  return bad_structure(fmt::format("Expected to find field named {}, but found {}", wanted, found));
}

result<const detail::message_type*> known_type(std::string_view name) {
  if (const auto* type = detail::find_message_type(name)) return type;
  return bad_structure(fmt::format("Unknown BusinessMessageType = {}. Expecting one of {}", name,
                                   detail::all_message_types()));
}

result<const json::object*> as_object(const json::value& value) {
  if (const auto* object = value.if_object()) return object;
  return expected_token("START_OBJECT", detail::token_name(value));
}

// The root's members in the order they came: it decides what is complained about first, and
// whether the message's key may be spelled with capitals.
class root_reader {
 public:
  root_reader(const json::object& root, time_point now) : root_(root), now_(now) {}

  result<document> read() {
    if (root_.empty()) return expected_token("FIELD_NAME", "END_OBJECT");
    if (first().key() == header_name)
      KP_CHECK(read_header_first());
    else
      KP_CHECK(read_message_first());
    if (root_.size() > 2) return expected_token("END_OBJECT", "FIELD_NAME");
    return std::move(out_);
  }

 private:
  const json::key_value_pair& first() const { return *root_.begin(); }
  const json::key_value_pair& second() const { return *std::next(root_.begin()); }

  result<void> read_header_first() {
    KP_CHECK(read_header_member(first().value()));
    KP_TRY(const auto* type, known_type(out_.type()));
    if (root_.size() < 2) return expected_token("FIELD_NAME", "END_OBJECT");
    if (second().key() != type->name) return expected_field(type->name, second().key());
    return read_message(*type, second().value());
  }

  result<void> read_message_first() {
    KP_TRY(const auto* type, known_type(first().key()));
    KP_CHECK(read_message(*type, first().value()));
    if (root_.size() < 2) return expected_token("FIELD_NAME", "END_OBJECT");
    if (second().key() != header_name) return expected_field(header_name, second().key());
    KP_CHECK(read_header_member(second().value()));
    // Not checked by today's installations, which then store a document that nobody can read.
    KP_TRY(const auto* declared, known_type(out_.type()));
    if (declared != type) return expected_field(declared->name, first().key());
    return {};
  }

  result<void> read_header_member(const json::value& value) {
    KP_TRY(const auto* object, as_object(value));
    KP_TRY(const auto normal, detail::normalise(*object, header_shape, header_name, now_));
    out_.header = read_header(normal, now_);
    if (!out_.header.identification.type) return permanent(sbd_errc::missing_type, "Missing type!");
    return {};
  }

  result<void> read_message(const detail::message_type& type, const json::value& value) {
    KP_TRY(const auto* object, as_object(value));
    KP_TRY(out_.business_message, detail::normalise(*object, *type.message, type.name, now_));
    return {};
  }

  const json::object& root_;
  time_point now_;
  document out_;
};

}  // namespace

result<document> parse(std::string_view text, time_point now) {
  KP_TRY(const auto root, parse_json(text));
  KP_TRY(const auto* object, as_object(root));
  return root_reader(*object, now).read();
}

}  // namespace kp::sbd
