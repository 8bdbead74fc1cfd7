#pragma once

#include "tools/sandbox/correspondence_state.hpp"
#include "tools/sandbox/directory.hpp"

#include <variant>

namespace kp::sandbox {

// An answer of Altinn that refuses: ProblemDetails with `code` CORR-0NNNN.
response correspondence_problem(unsigned status, int code, std::string_view detail);

// What Altinn checks before it takes a letter, in its order (dpv.md 10.3).
std::variant<correspondence, response> judge_upload(const request&, const correspondence_state&,
                                                    const directory&, time_point now);

// "910075946" of urn:altinn:organization:identifier-no:910075946, and whether it is a person.
struct altinn_recipient {
  std::string number;
  bool person = false;
};
std::optional<altinn_recipient> recipient_in(std::string_view urn);

inline constexpr std::string_view confidential_resource = "eformidling-dpv-taushetsbelagt";

}  // namespace kp::sandbox
