#pragma once

#include "config/clock.hpp"
#include "protocol/http/client.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kp::dpv {

// What Correspondence says of a letter (dpv.md 3.4). A time without a zone is UTC.
struct overview {
  std::string id;
  std::string senders_reference;
  std::string recipient;      // urn:altinn:…
  std::string sender_number;  // propertyList.senderOrgNumber
  std::string status;         // as it is; unknown ones too
  std::string status_text;
  std::optional<time_point> published, read;
};

// Errors: http_errc::bad_answer, transient.
result<std::string> parse_upload(std::string_view body);  // the correspondence's id
result<overview> parse_overview(std::string_view body);
result<std::vector<std::string>> parse_search(std::string_view body);

// An answer that is no success, in the words of today's installations (6.1), person numbers masked.
// Not retryable: what repeating does not cure (6.2). A 403 waits for whoever keeps the access list.
error refusal(std::string_view url, const http::response&);

}  // namespace kp::dpv
