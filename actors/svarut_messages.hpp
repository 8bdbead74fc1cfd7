#pragma once

#include "actors/caf.hpp"
#include "config/error.hpp"

#include <optional>
#include <string>
#include <vector>

// What a channel asks of SvarUt, said to the registry desk, which keeps the answers.

namespace kp::actors {

struct find_letter_types {  // -> letter_types
  std::string sender;       // nine digits: from whose account
};
struct letter_types {  // what may stand as dpf.forsendelseType (dpf.md 4)
  std::vector<std::string> known;
  std::optional<kp::error> failure;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::find_letter_types);
KP_MESSAGE(kp::actors::letter_types);
