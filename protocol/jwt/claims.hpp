#pragma once

#include "config/clock.hpp"
#include "config/error.hpp"
#include "config/token_issuer.hpp"

#include <set>
#include <string>
#include <string_view>

namespace kp::jwt {

// What a token says of who holds it.
struct claims {
  std::set<std::string> scopes;  // `scope`, or `scp` as some issuers call it
  std::string consumer;          // Maskinporten: "0192:910077473"; empty: none
  std::string client_id;         // `client_id`, else `azp`; empty: none
};

// The claim `iss` of a payload that nobody has verified yet, to find the issuer by. malformed.
result<std::string> unverified_issuer(std::string_view payload);

// Checks iss, aud, exp, nbf and iat (RFC 7519 4.1) against `by`, with its clock skew; exp must be
// there. Errors: malformed, untrusted_issuer, wrong_audience, not_valid_now; texts never repeat the
// token.
result<claims> check_claims(std::string_view payload, const token_issuer& by, time_point now);

}  // namespace kp::jwt
