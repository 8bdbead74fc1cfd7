#pragma once

#include "tools/sandbox/keys.hpp"

namespace kp::sandbox {

// CMS EnvelopedData through OpenSSL's own functions, which read all of it into memory.

// Errors: sandbox_errc::invalid_request for what is no envelope, or another recipient's.
result<std::string> open_cms(std::string_view cms, const rsa_key& key,
                             const certificate& recipient);
// AES-256-CBC, RSAES-OAEP with SHA-256. Errors: sandbox_errc::crypto.
result<std::string> make_cms(std::string_view plain, const certificate& recipient);

}  // namespace kp::sandbox
