#pragma once

#include "protocol/crypto/jws.hpp"

// Signatures of those who sign in with tokens, and of the NHN adapter: more algorithms than the
// national services use, all with public keys. HMAC and "none" are not among them, so that nobody
// can pass a public key off as a shared secret, or sign nothing.

namespace kp::crypto {

// The public key of a JWK: RSA, or EC on P-256, P-384 or P-521 (RFC 7518 6.2, 6.3).
result<std::shared_ptr<EVP_PKEY>> public_key_from_jwk(const boost::json::object& jwk);

// As verify_jws, for RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and ES512 (RFC 7518
// 3.3 to 3.5). The algorithm must be one of the key's own kind. Errors: bad_format, unsupported,
// bad_signature.
result<jws> verify_any_jws(std::string_view compact, EVP_PKEY* public_key);

// Compact JWS, PS256; `header` gets "alg":"PS256". Errors: unsupported for another key than RSA,
// internal.
result<std::string> sign_pss_jws(boost::json::object header, std::string_view payload,
                                 const private_key& key);

}  // namespace kp::crypto
