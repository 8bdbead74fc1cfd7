#pragma once

#include "config/clock.hpp"
#include "protocol/asic/manifests.hpp"

// The XAdES signature of a container (asic-and-crypto.md 4, dpi.md 6.1). Not for other rooms.

namespace kp::asic {

// META-INF/signatures.xml over `files`, whose digests are known. Canonical forms are libxml2's.
// Errors: unsupported for a key that is not RSA, bad_format for a text that XML cannot hold,
// internal.
result<std::string> sign_xades(const std::vector<reference>& files, const crypto::keystore& signer,
                               time_point signing_time);

// An entry's name as the references write it: form-URL-encoded, a space as +.
std::string form_encoded(std::string_view name);

}  // namespace kp::asic
