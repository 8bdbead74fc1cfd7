#pragma once

#include "protocol/crypto/certificate.hpp"
#include "protocol/dph/dph_error.hpp"

#include <functional>
#include <string>
#include <string_view>

// JSON on its way to and from the NHN adapter: signed (JWS, PS256, x5c with the leaf alone), and
// that sealed (JWE, RSA-OAEP-256, A256GCM, cty JWT), both compact (dph.md 6.1). Worker threads
// only.

namespace kp::dph {

// Errors: crypto_errc::internal, unsupported (another key than RSA).
result<std::string> seal(std::string_view json, const crypto::keystore& signer,
                         const crypto::certificate& recipient);

// Whether the signer of what arrives may be believed.
using signer_check = std::function<result<void>(const crypto::certificate&)>;

// What is inside, signed by a certificate that `trusts`. RS and PS signatures of 256 to 512 bits
// are taken. Errors, none of them retryable: dph_errc::unreadable, bad_signature.
result<std::string> open(std::string_view jwe, const crypto::keystore& own,
                         const signer_check& trusts);

}  // namespace kp::dph
