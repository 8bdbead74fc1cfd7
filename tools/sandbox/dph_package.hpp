#pragma once

#include "tools/sandbox/asic_container.hpp"

// dokumentpakke as the NHN adapter takes and gives it: CMS EnvelopedData with AES-256-GCM, which
// no library makes, around an ASiC-E without manifest.xml (dph.md 6.2).

namespace kp::sandbox {

// In segments of 1000 bytes and of indefinite length, as Java writes it. `key` and `nonce` are 32
// and 12 random bytes; with `spoilt` the tag is wrong. Errors: sandbox_errc::crypto.
result<std::string> make_gcm_cms(std::string_view plain, const certificate& recipient,
                                 const std::string& key, const std::string& nonce, bool spoilt);
// Errors: sandbox_errc::invalid_request with what is wrong.
result<std::string> open_gcm_cms(std::string_view cms, const rsa_key& own);

}  // namespace kp::sandbox
