#pragma once

#include "tests/tools/system/town.hpp"

#include <array>
#include <utility>

// What tests of trouble ask of the admin listener.

namespace kp::test {

// All that an operator is told of a message.
inline std::string story_of(const town& of, const std::string& organisation,
                            const std::string& message) {
  return call(of.admin_port(), "GET",
              "/admin/organisations/" + organisation + "/messages/" + message, basic(operator_user))
      .body;
}

// The next attempt is now. False when it does not wait for one.
inline bool retry_now(const town& of, const std::string& organisation, const std::string& message) {
  return call(of.admin_port(), "POST",
              "/admin/organisations/" + organisation + "/messages/" + message + "/retry",
              basic(watch_user), "{}")
             .status == 200;
}

// What Maskinporten says when it gives no token, and what an operator is told then: the grant is
// refused, a scope is missing, and the two clocks do not agree.
inline const std::array<std::pair<std::string, std::string>, 3> token_refusals{
    {{R"json({"error": "invalid_grant", "error_description": "no such client (MP-100)"})json",
      "check client id and environment"},
     {R"json({"error": "invalid_scope", "error_description": "not on the client (MP-200)"})json",
      "a scope is not on the client"},
     {R"json({"error": "invalid_grant", "error_description": "expired (MP-130)"})json",
      "check this machine's clock (NTP)"}}};

}  // namespace kp::test
