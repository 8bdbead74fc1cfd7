#include "protocol/crypto/jws_any.hpp"
#include "protocol/jwt/claims.hpp"
#include "tests/fuzz/must.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <boost/json/parse.hpp>

namespace {

using namespace kp;

const std::shared_ptr<EVP_PKEY>& somebodys_key() {
  static const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("prime256v1"), EVP_PKEY_free);
  return key;
}

}  // namespace

// A token, its payload alone, and a key: nothing that was not signed verifies, and what passes the
// checks of claims has the claims.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::text(data, size);
  const time_point now{std::chrono::seconds(1'770'000'000)};
  fuzz::must(!crypto::verify_any_jws(input, somebodys_key().get()), "nobody signed this");
  const auto parsed = crypto::parse_jws(input);
  const auto payload = parsed ? std::string_view(parsed->payload) : input;
  token_issuer by;
  by.issuer = "https://issuer/";
  by.audience = "https://hub";
  const auto checked = jwt::check_claims(payload, by, now);
  const auto named = jwt::unverified_issuer(payload);
  if (checked) {
    fuzz::must(named && *named == by.issuer, "only the issuer's own");
    for (const auto& scope : checked->scopes)
      fuzz::must(scope.size() <= payload.size(), "scopes come from the token");
  }
  boost::system::error_code failed;
  const auto value = boost::json::parse(input, failed);
  if (!failed && value.is_object())
    static_cast<void>(crypto::public_key_from_jwk(value.get_object()));
  return 0;
}
