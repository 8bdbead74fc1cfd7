#pragma once

#include "config/clock.hpp"

#include <string>
#include <string_view>

namespace kp::test {

inline constexpr std::string_view header_member =
    R"("standardBusinessDocumentHeader": {
      "headerVersion": "1.0",
      "sender": [ { "identifier": { "value": "0192:910077473",
                                    "authority": "iso6523-actorid-upis" } } ],
      "receiver": [ { "identifier": { "value": "0192:910075918",
                                      "authority": "iso6523-actorid-upis" } } ],
      "documentIdentification": {
        "standard": "urn:no:difi:arkivmelding:xsd::arkivmelding", "typeVersion": "2.0",
        "instanceIdentifier": "ff88849c-e281-4809-8555-7cd54952b916", "type": "arkivmelding" },
      "businessScope": { "scope": [ { "type": "ConversationId",
        "instanceIdentifier": "37efbd4c-413d-4e2c-bbc5-257ef4a65a56",
        "identifier": "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0",
        "scopeInformation": [ { "expectedResponseDateTime": "2026-01-16T10:00:00+01:00" } ] } ] } })";

// `header` with `was` replaced by `is`, beside `message`.
inline std::string document_text(std::string_view message = R"("arkivmelding": {})",
                                 std::string_view was = {}, std::string_view is = {}) {
  std::string header(header_member);
  if (const auto at = header.find(was); !was.empty() && at != std::string::npos)
    header.replace(at, was.size(), is);
  return "{" + header + ", " + std::string(message) + "}";
}

inline time_point january() {
  return *parse_timestamp_with_offset("2026-01-15T10:00:00+01:00");
}

}  // namespace kp::test
