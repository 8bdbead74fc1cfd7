#pragma once

#include "protocol/crypto/certificate.hpp"

#include <boost/json/object.hpp>

namespace kp::crypto {

// Compact JWS, RS256 (RFC 7515, RFC 7518 3.3). `header` gets "alg":"RS256".
result<std::string> sign_jws(boost::json::object header, std::string_view payload,
                             const private_key& key);

struct jws {
  boost::json::object header;
  std::string payload;
};
// Splits without checking the signature. bad_format when it is no compact JWS with a JSON header.
result<jws> parse_jws(std::string_view compact);
// Splits and checks with an RSA public key; only alg RS256 is accepted. Errors: bad_format,
// unsupported, bad_signature.
result<jws> verify_jws(std::string_view compact, EVP_PKEY* public_key);

// The RSA public key of a JWK ("kty":"RSA", "n", "e").
result<std::shared_ptr<EVP_PKEY>> rsa_key_from_jwk(const boost::json::object& jwk);
// {"kty","n","e"} of an RSA key.
boost::json::object jwk_from_rsa_key(EVP_PKEY* key);
// An RSA private JWK file with its "kid" (maskinporten.md 2.1).
struct private_jwk {
  private_key key;
  std::string kid;
};
result<private_jwk> private_key_from_jwk(std::string_view json);

}  // namespace kp::crypto
