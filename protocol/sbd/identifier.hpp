#pragma once

#include "config/error.hpp"
#include "config/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kp::sbd {

// A participant: authority and value as sent, and what the value means (rest-api.md 4.3,
// messages.md 2).
struct identifier {
  std::string authority;
  std::string value;

  enum class form { iso6523, person, fiks_io, nhn };
  form kind = form::iso6523;
  std::string icd;           // iso6523: "0192"
  std::string primary;       // organisation without ICD and part, or the value
  std::optional<std::string> part;

  const std::string& part_or_primary() const { return part ? *part : primary; }
};

// Errors: sbd_errc::invalid_identifier with upstream's text ("Unable to parse identifier = '…'",
// "Unknown authority = …").
result<identifier> parse_identifier(std::string_view authority, std::string_view value);
identifier organisation_identifier(organisation_id);   // 0192:<number>

// The sender rule, whatever the authority: parses as one of the four forms.
bool is_sender_value(std::string_view value);

}  // namespace kp::sbd
