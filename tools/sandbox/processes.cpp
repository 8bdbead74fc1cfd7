#include "tools/sandbox/directory.hpp"

#include <algorithm>

// The processes and document types of service-registry.md 5.1 that the sandbox answers for.

namespace kp::sandbox {

namespace {

constexpr std::string_view response_process = "urn:no:difi:profile:arkivmelding:response:ver1.0";

std::vector<std::string> make_arkivmelding_processes() {
  std::vector<std::string> out;
  for (const auto* area :
       {"administrasjon", "helseSosialOgOmsorg", "kulturIdrettOgFritid", "naturOgMiljoe",
        "naeringsutvikling", "oppvekstOgUtdanning", "planByggOgGeodata", "skatterOgAvgifter",
        "tekniskeTjenester", "trafikkReiserOgSamferdsel", "taushetsbelagt"})
    out.push_back(std::string("urn:no:difi:profile:arkivmelding:") + area + ":ver1.0");
  out.emplace_back(response_process);
  return out;
}

}  // namespace

const std::vector<std::string>& arkivmelding_processes() {
  static const auto all = make_arkivmelding_processes();
  return all;
}

const std::vector<std::string>& avtalt_processes() {
  static const std::vector<std::string> all{"urn:no:difi:profile:avtalt:avtalt:ver1.0",
                                            "urn:no:difi:profile:avtalt:response:ver1.0"};
  return all;
}

std::vector<std::string> document_types_of(std::string_view process) {
  if (process == response_process)
    return {"urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering",
            "urn:no:difi:arkivmelding:xsd::status", "urn:no:difi:arkivmelding:xsd::feil"};
  const auto has = [&](const auto& list) { return std::ranges::find(list, process) != list.end(); };
  if (has(arkivmelding_processes())) return {"urn:no:difi:arkivmelding:xsd::arkivmelding"};
  if (has(avtalt_processes())) return {"urn:no:difi:avtalt:xsd::avtalt"};
  return {};
}

}  // namespace kp::sandbox
