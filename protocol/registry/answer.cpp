#include "protocol/registry/answer.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <array>

namespace kp::registry {

namespace json = boost::json;

namespace {

error bad_answer(std::string_view why) {
  return transient(
      registry_errc::bad_answer,
      fmt::format("Parsing response as a IdentifierResource JSON object failed: {}", why));
}

const json::object* object_in(const json::object& from, std::string_view name) {
  const auto* found = from.if_contains(name);
  return found ? found->if_object() : nullptr;
}

std::optional<std::string> text_in(const json::object& from, std::string_view name) {
  const auto* found = from.if_contains(name);
  if (!found || !found->is_string()) return std::nullopt;
  return std::string(found->as_string());
}

address parse_address(const json::object& from) {
  const auto part = [&](std::string_view name) { return text_in(from, name).value_or(""); };
  return {part("name"), part("street"), part("postalCode"), part("postalArea"), part("country")};
}

person parse_person(const json::object& from) {
  return {text_in(from, "fnr").value_or(""), text_in(from, "firstName").value_or(""),
          text_in(from, "middleName"), text_in(from, "lastName").value_or("")};
}

service_record parse_record(const json::object& from) {
  service_record record;
  record.organisation_number = text_in(from, "organisationNumber").value_or("");
  record.process = text_in(from, "process").value_or("");
  record.pem_certificate = text_in(from, "pemCertificate");
  if (const auto* types = from.if_contains("documentTypes"); types && types->is_array())
    for (const auto& type : types->as_array())
      if (type.is_string()) record.document_types.emplace_back(type.as_string());
  if (const auto* service = object_in(from, "service")) {
    record.via =
        parse_service(text_in(*service, "identifier").value_or("")).value_or(service::unknown);
    record.endpoint_url = text_in(*service, "endpointUrl").value_or("");
    record.resource = text_in(*service, "resource");
    if (const auto* level = service->if_contains("securityLevel"); level && level->is_int64())
      record.security_level = static_cast<int>(level->as_int64());
  }
  record.mailbox_operator = text_in(from, "orgnrPostkasse");
  record.mailbox_address = text_in(from, "postkasseAdresse");
  record.email = text_in(from, "epostAdresse");
  record.mobile = text_in(from, "mobilnummer");
  record.language = text_in(from, "spraak");
  if (const auto* physical = from.if_contains("fysiskPost"); physical && physical->is_bool())
    record.physical_mail = physical->as_bool();
  if (const auto* found = object_in(from, "postAddress"))
    record.post_address = parse_address(*found);
  if (const auto* found = object_in(from, "returnAddress"))
    record.return_address = parse_address(*found);
  if (const auto* found = object_in(from, "patient")) record.patient = parse_person(*found);
  return record;
}

// Message types whose name may end a document type URN (service-registry.md 6.3).
constexpr std::array known_types{"status",
                                 "feil",
                                 "arkivmelding",
                                 "arkivmelding_kvittering",
                                 "avtalt",
                                 "digital",
                                 "digital_dpv",
                                 "print",
                                 "dialogmelding",
                                 "dialogmelding_kvittering",
                                 "innsynskrav",
                                 "publisering",
                                 "einnsyn_kvittering"};

// A message type of Fiks IO carries any name; its documents are all of one type (dpfio.md 3.1).
json::object capability_type(const std::string& standard, service via) {
  json::object type;
  const auto at = standard.rfind("::");
  const auto name = at == std::string::npos ? std::string() : standard.substr(at + 2);
  for (const std::string_view known : known_types)
    if (known == name) type["type"] = name;
  if (via == service::dpfio && !type.contains("type")) type["type"] = "fiksio";
  type["standard"] = standard;
  return type;
}

json::object address_json(const std::optional<address>& from) {
  const auto a = from.value_or(address{});
  return {{"name", a.name},
          {"street", a.street},
          {"postalCode", a.postal_code},
          {"postalArea", a.postal_area},
          {"country", a.country}};
}

}  // namespace

result<answer> parse_answer(std::string_view text) {
  boost::system::error_code failed;
  const auto root = json::parse(text, failed);
  if (failed) return bad_answer(failed.message());
  const auto* object = root.if_object();
  if (!object) return bad_answer("not an object");
  answer out;
  if (const auto* info = object_in(*object, "infoRecord")) {
    out.identifier = text_in(*info, "identifier").value_or("");
    out.organisation_name = text_in(*info, "organizationName").value_or("");
    if (const auto* at = object_in(*info, "postadresse")) {
      const auto part = [&](std::string_view name) { return text_in(*at, name).value_or(""); };
      out.post_address = address{
          {}, part("adresse"), part("postnummer"), part("poststed"), part("land")};
    }
  }
  if (const auto* records = object->if_contains("serviceRecords"); records && records->is_array())
    for (const auto& record : records->as_array())
      if (const auto* one = record.if_object()) out.records.push_back(parse_record(*one));
  return out;
}

result<health_party> parse_health_party(std::string_view text) {
  boost::system::error_code failed;
  const auto root = json::parse(text, failed);
  if (failed) return bad_answer(failed.message());
  const auto* info = root.is_object() ? object_in(root.get_object(), "infoRecord") : nullptr;
  if (!info) return bad_answer("no infoRecord");
  health_party out;
  if (const auto* number = info->if_contains("herId"); number && number->is_int64())
    out.her_id = number->get_int64();
  out.organisation = text_in(*info, "organizationNumber").value_or("");
  if (out.her_id <= 0 || !organisation_id::parse(out.organisation))
    return bad_answer("a health address without herId or organizationNumber");
  return out;
}

std::string error_description(std::string_view body) {
  boost::system::error_code failed;
  const auto root = json::parse(body, failed);
  if (failed || !root.is_object()) return {};
  const auto& object = root.get_object();
  if (auto text = text_in(object, "error_description")) return *text;
  return text_in(object, "message").value_or("");
}

json::object to_capabilities(const answer& from) {
  json::array capabilities;
  for (const auto& record : from.records) {
    json::object one;
    one["process"] = record.process;
    one["serviceIdentifier"] = to_string(record.via);
    if (record.via == service::dpi) {
      one["postAddress"] = address_json(record.post_address);
      one["returnAddress"] = address_json(record.return_address);
    }
    json::array types;
    for (const auto& standard : record.document_types)
      types.push_back(capability_type(standard, record.via));
    one["documentTypes"] = std::move(types);
    if (record.via == service::dpi) {
      json::object digital;
      if (record.mailbox_operator) digital["supplier"] = *record.mailbox_operator;
      if (record.mailbox_address) digital["address"] = *record.mailbox_address;
      one["digitalPostAddress"] = std::move(digital);
    }
    capabilities.push_back(std::move(one));
  }
  return {{"capabilities", std::move(capabilities)}};
}

}  // namespace kp::registry
