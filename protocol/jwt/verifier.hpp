#pragma once

#include "protocol/jwt/claims.hpp"
#include "protocol/jwt/issuer_keys.hpp"

#include <memory>
#include <string>
#include <vector>

namespace kp::jwt {

struct verified_token {
  std::string issuer;  // its name in hub.yaml
  claims holder;
};

// Verifies signed tokens (JWT, RFC 7519) of trusted issuers. Lives on the network thread.
class verifier {
 public:
  verifier(http::client& http, const clock& time, const std::vector<token_issuer>& trusted);

  // Errors: jwt_errc; no_keys is transient, the rest is the token's fault. Nothing is fetched for a
  // token that names no trusted issuer.
  http::awaitable<result<verified_token>> verify(std::string token);

 private:
  struct trusted_issuer {
    token_issuer by;
    issuer_keys keys;
  };
  const clock& time_;
  std::vector<trusted_issuer> trusted_;
};

}  // namespace kp::jwt
