#pragma once

#include "tools/sandbox/jwt.hpp"

// JWS with RSASSA-PSS and JWE as the NHN adapter speaks them (dph.md 6.1), by OpenSSL alone.

namespace kp::sandbox {

// RSAES-OAEP with SHA-256, also for MGF1. "" when OpenSSL refuses.
std::string oaep_seal(const rsa_key& to, std::string_view key);
std::optional<std::string> oaep_open(const rsa_key& own, std::string_view sealed);

// AES-256-GCM with a tag of 16 bytes.
struct gcm_sealed {
  std::string bytes, tag;
};
gcm_sealed gcm_seal(std::string_view key, std::string_view nonce, std::string_view plain,
                    std::string_view additional = {});
// Nothing when the tag does not fit.
std::optional<std::string> gcm_open(std::string_view key, std::string_view nonce, const gcm_sealed&,
                                    std::string_view additional = {});

// PS256 with x5c, the leaf alone.
std::string make_pss_jws(const rsa_key& key, const certificate& own, std::string_view payload);
bool is_pss_signed_by(const jwt&, const rsa_key&);

// RSA-OAEP-256, A256GCM, cty JWT; `key` and `nonce` are 32 and 12 random bytes.
std::string make_jwe(const rsa_key& to, std::string_view payload, const std::string& key,
                     const std::string& nonce);
// Nothing but a JWE of exactly that kind opens.
std::optional<std::string> open_jwe(const rsa_key& own, std::string_view compact);

}  // namespace kp::sandbox
