#pragma once

#include "protocol/crypto/certificate.hpp"

namespace kp::crypto {

// RSASSA-PKCS1-v1_5 with SHA-256 over `bytes` (RFC 8017 8.2), raw. Errors: unsupported for another
// kind of key, internal.
result<std::string> sign_rsa_sha256(std::string_view bytes, const private_key& key);

}  // namespace kp::crypto
