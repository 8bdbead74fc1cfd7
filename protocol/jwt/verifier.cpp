#include "protocol/jwt/verifier.hpp"

#include "protocol/crypto/jws_any.hpp"
#include "protocol/jwt/jwt_error.hpp"

#include <algorithm>

namespace kp::jwt {

namespace {

std::string text_of(const boost::json::object& all, std::string_view name) {
  const auto* value = all.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

verifier::verifier(http::client& http, const clock& time, const std::vector<token_issuer>& trusted)
    : time_(time) {
  for (const auto& each : trusted) trusted_.push_back({each, issuer_keys(http, time, each)});
}

http::awaitable<result<verified_token>> verifier::verify(std::string token) {
  const auto parsed = crypto::parse_jws(token);
  if (!parsed) co_return permanent(jwt_errc::malformed, "the token is no signed JWT");
  KP_CO_TRY(const auto issuer, unverified_issuer(parsed->payload));
  const auto found = std::ranges::find(trusted_, issuer,
                                       [](const trusted_issuer& each) { return each.by.issuer; });
  if (found == trusted_.end())
    co_return permanent(jwt_errc::untrusted_issuer,
                        "the token is of an issuer that is not trusted");
  // Before its keys are asked for, so that a worthless token costs the issuer nothing.
  KP_CO_TRY(auto holder, check_claims(parsed->payload, found->by, time_.now()));
  const auto algorithm = text_of(parsed->header, "alg");
  auto kid = text_of(parsed->header, "kid");
  KP_CO_TRY(const auto keys, co_await found->keys.find(std::move(kid)));
  for (const auto& each : keys) {
    if (!each.algorithm.empty() && each.algorithm != algorithm) continue;
    const auto checked = crypto::verify_any_jws(token, each.key.get());
    if (checked) co_return verified_token{found->by.name, std::move(holder)};
  }
  co_return permanent(jwt_errc::bad_signature, "the token's signature is of no key of its issuer");
}

}  // namespace kp::jwt
