#include "tools/sandbox/dpe_records.hpp"

#include <boost/json/array.hpp>

#include <array>

namespace kp::sandbox {

namespace {

struct einnsyn_process {
  std::string_view name, service_code;
  std::array<std::string_view, 3> types;
};
constexpr std::array processes{
    einnsyn_process{"urn:no:difi:profile:einnsyn:journalpost:ver1.0",
                    "data",
                    {"urn:no:difi:einnsyn:xsd::publisering"}},
    einnsyn_process{"urn:no:difi:profile:einnsyn:meeting:ver1.0",
                    "meeting",
                    {"urn:no:difi:einnsyn:xsd::publisering"}},
    einnsyn_process{"urn:no:difi:profile:einnsyn:innsynskrav:ver1.0",
                    "innsyn",
                    {"urn:no:difi:einnsyn:xsd::innsynskrav"}},
    einnsyn_process{"urn:no:difi:profile:einnsyn:response:ver1.0",
                    "",
                    {"urn:no:difi:einnsyn:xsd::einnsyn_kvittering",
                     "urn:no:difi:eformidling:xsd::status", "urn:no:difi:eformidling:xsd::feil"}},
};

}  // namespace

const std::vector<std::string>& einnsyn_processes() {
  static const auto all = [] {
    std::vector<std::string> names;
    for (const auto& each : processes) names.emplace_back(each.name);
    return names;
  }();
  return all;
}

std::optional<boost::json::object> dpe_record(const organisation& known, std::string_view process) {
  if (!known.services.contains("DPE")) return {};
  for (const auto& each : processes) {
    if (each.name != process) continue;
    boost::json::array types;
    for (const auto type : each.types)
      if (!type.empty()) types.emplace_back(type);
    return boost::json::object{{"organisationNumber", known.number},
                               {"pemCertificate", known.certificate->pem()},
                               {"process", each.name},
                               {"documentTypes", std::move(types)},
                               {"service",
                                {{"identifier", "DPE"},
                                 {"endpointUrl", each.service_code},
                                 {"serviceCode", ""},
                                 {"serviceEditionCode", ""},
                                 {"securityLevel", nullptr},
                                 {"resource", nullptr}}}};
  }
  return {};
}

}  // namespace kp::sandbox
