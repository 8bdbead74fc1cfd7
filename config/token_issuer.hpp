#pragma once

#include "config/problem.hpp"

#include <chrono>
#include <string>

namespace kp {

// One that issues tokens (JWT) which business systems sign in with: Maskinporten, or any OpenID
// Connect or OAuth 2 server that publishes its keys.
struct token_issuer {
  std::string name;      // what credentials call it
  std::string issuer;    // the claim `iss`, exactly
  std::string audience;  // the claim `aud` must hold it
  std::string
      keys_url;  // empty: as the issuer's metadata says (RFC 8414, OpenID Connect Discovery)
  std::chrono::seconds clock_skew{30};
  source_position where{};  // in hub.yaml
};

}  // namespace kp
