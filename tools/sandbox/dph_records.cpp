#include "tools/sandbox/dph_records.hpp"

namespace kp::sandbox {

namespace json = boost::json;

namespace {

struct process {
  std::string_view name;
  std::string_view type;
};
constexpr process processes[]{
    {"urn:no:difi:profile:helse:helse:ver1.0", "urn:no:difi:helse:xsd:schema::dialogmelding"},
    {"urn:no:difi:profile:helse:response:ver1.0",
     "urn:no:difi:helse:xsd::dialogmelding_kvittering"}};

const patient* patient_in(const dph_state& state, std::string_view identifier) {
  constexpr std::string_view prefix = "fastlege-for:";
  return identifier.starts_with(prefix) ? state.find_patient(identifier.substr(prefix.size()))
                                        : nullptr;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

json::object health_info(const dph_state& state, const std::string& identifier, const her_id& who) {
  json::object info{{"identifier", identifier},
                    {"organizationName", who.name},
                    {"parentHerId", who.parent},
                    {"parentOrganizationName", who.parent_name},
                    {"herId", who.number},
                    {"organizationNumber", who.owner},
                    {"entityType", {{"name", "NorskHelsenett"}}}};
  if (const auto* whose = patient_in(state, identifier)) info["patient"] = whose->number;
  return info;
}

json::array health_records(const dph_state& state, const std::string& identifier, const her_id& who,
                           const std::string& wanted, const std::string& pem,
                           const std::string& endpoint_url) {
  json::array all;
  for (const auto& [name, type] : processes) {
    if (!wanted.empty() && wanted != name) continue;
    json::object record{{"organisationNumber", who.owner},
                        {"pemCertificate", pem},
                        {"process", name},
                        {"documentTypes", json::array{type}},
                        {"herId", who.number},
                        {"service",
                         {{"identifier", "DPH"},
                          {"endpointUrl", endpoint_url},
                          {"serviceCode", nullptr},
                          {"securityLevel", nullptr}}}};
    if (const auto* whose = patient_in(state, identifier))
      record["patient"] = json::object{{"fnr", whose->number},
                                       {"firstName", whose->first_name},
                                       {"middleName", text_or_null(whose->middle_name)},
                                       {"lastName", whose->last_name}};
    all.push_back(std::move(record));
  }
  return all;
}

}  // namespace kp::sandbox
