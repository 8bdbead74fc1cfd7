#pragma once

#include "protocol/crypto/certificate.hpp"

// Compact JWE (RFC 7516) of the one kind that the network uses: RSA-OAEP-256 and A256GCM (RFC 7518
// 4.3, 5.3).

namespace kp::crypto {

// A JWT for one recipient ("cty":"JWT"). Errors: unsupported for another key than RSA, internal.
result<std::string> make_jwe(std::string_view jwt, const certificate& recipient);

// What is inside. Errors: bad_format (no compact JWE), unsupported (another kind, or header
// extensions that change what it means), wrong_key (sealed to somebody else), bad_signature (it was
// changed on its way).
result<std::string> open_jwe(std::string_view compact, const private_key& own);

}  // namespace kp::crypto
