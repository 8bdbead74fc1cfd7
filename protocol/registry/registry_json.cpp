#include "protocol/registry/registry_json.hpp"

#include "config/log.hpp"
#include "protocol/maskinporten/json.hpp"

#include <algorithm>
#include <array>

namespace kp::registry {

namespace {

// service-registry.md 6.3: the message types whose names documents end in.
constexpr std::array<std::string_view, 13> message_types{
    "status",        "feil",         "arkivmelding",
    "avtalt",        "digital",      "digital_dpv",
    "print",         "dialogmelding", "dialogmelding_kvittering",
    "innsynskrav",   "publisering",  "einnsyn_kvittering",
    "arkivmelding_kvittering"};

error not_as_agreed(std::string_view why) {
  return transient(registry_errc::bad_answer,
                   "the answer of the service registry is not the JSON it should be: " + std::string(why));
}

std::optional<address> address_of(const boost::json::value& record, std::string_view name) {
  const auto* found = json::member(record, name);
  if (!found || !found->is_object()) return std::nullopt;
  const auto part = [found](std::string_view key) { return json::text(*found, key).value_or(""); };
  return address{part("name"), part("street"), part("postalCode"), part("postalArea"), part("country")};
}

// The registry wraps bare base64 in its lines, and so does every client of it (service-registry.md 3.3).
std::optional<std::string> certificate_of(const boost::json::value& record) {
  auto text = json::text(record, "pemCertificate");
  if (!text || text->empty()) return std::nullopt;
  if (text->find("-----BEGIN") == std::string::npos)
    *text = "-----BEGIN CERTIFICATE-----\n" + *text + "\n-----END CERTIFICATE-----\n";
  return text;
}

service_record record_of(const boost::json::value& from) {
  service_record record;
  record.organisation_number = json::text(from, "organisationNumber").value_or("");
  record.process = json::text(from, "process").value_or("");
  if (const auto* types = json::list(from, "documentTypes"))
    for (const auto& each : *types)
      if (each.is_string()) record.document_types.emplace_back(each.get_string());
  record.pem_certificate = certificate_of(from);
  if (const auto* via = json::member(from, "service")) {
    const auto name = json::text(*via, "identifier");
    if (name) record.via = parse_service(*name).value_or(service::unknown);
    record.endpoint_url = json::text(*via, "endpointUrl").value_or("");
    record.resource = json::text(*via, "resource");
    if (const auto level = json::integer(*via, "securityLevel"))
      record.security_level = static_cast<int>(std::clamp<std::int64_t>(*level, 0, 99));
  }
  record.mailbox_operator = json::text(from, "orgnrPostkasse");
  record.mailbox_address = json::text(from, "postkasseAdresse");
  record.physical_mail = json::flag(from, "fysiskPost");
  record.post_address = address_of(from, "postAddress");
  record.return_address = address_of(from, "returnAddress");
  return record;
}

boost::json::object to_json(const std::optional<address>& of) {
  const address shown = of.value_or(address{});
  return {{"name", shown.name},
          {"street", shown.street},
          {"postalCode", shown.postal_code},
          {"postalArea", shown.postal_area},
          {"country", shown.country}};
}

boost::json::object to_json(const std::string& document_type) {
  boost::json::object shown;
  const auto mark = document_type.rfind("::");
  const auto name = mark == std::string::npos ? std::string_view()
                                              : std::string_view(document_type).substr(mark + 2);
  if (std::find(message_types.begin(), message_types.end(), name) != message_types.end())
    shown["type"] = boost::json::string(name.data(), name.size());
  shown["standard"] = document_type;
  return shown;
}

boost::json::object to_capability(const service_record& record) {
  boost::json::object shown;
  shown["process"] = record.process;
  const auto name = to_string(record.via);
  shown["serviceIdentifier"] = boost::json::string(name.data(), name.size());
  if (record.via == service::dpi) {
    shown["returnAddress"] = to_json(record.return_address);
    shown["postAddress"] = to_json(record.post_address);
  }
  boost::json::array types;
  for (const auto& each : record.document_types) types.emplace_back(to_json(each));
  shown["documentTypes"] = std::move(types);
  if (record.via == service::dpi) {
    boost::json::object mailbox;
    if (record.mailbox_operator) mailbox["supplier"] = *record.mailbox_operator;
    if (record.mailbox_address) mailbox["address"] = *record.mailbox_address;
    shown["digitalPostAddress"] = std::move(mailbox);
  }
  return shown;
}

}  // namespace

result<answer> parse_answer(std::string_view payload) {
  const auto value = json::parse(payload);
  if (!value || !value->is_object()) return not_as_agreed("it is no JSON object");
  const auto* info = json::member(*value, "infoRecord");
  if (!info || !info->is_object()) return not_as_agreed("infoRecord is missing");
  answer parsed;
  parsed.identifier = json::text(*info, "identifier").value_or("");
  parsed.organisation_name = json::text(*info, "organizationName").value_or("");
  if (const auto* records = json::list(*value, "serviceRecords"))
    for (const auto& each : *records)
      if (each.is_object()) parsed.records.push_back(record_of(each));
  return parsed;
}

std::string parse_description(std::string_view body) {
  const auto value = json::parse(body);
  if (!value) return {};
  auto said = json::text(*value, "error_description").value_or("");
  if (said.empty()) said = json::text(*value, "message").value_or("");
  for (char& c : said)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  constexpr std::size_t longest = 500;
  if (said.size() > longest) said.resize(longest);
  return mask_person_numbers(said);
}

boost::json::object to_capabilities(const answer& of) {
  boost::json::array capabilities;
  for (const auto& each : of.records) capabilities.emplace_back(to_capability(each));
  boost::json::object shown;
  shown["capabilities"] = std::move(capabilities);
  return shown;
}

}  // namespace kp::registry
