#pragma once

#include "config/byte_io.hpp"
#include "protocol/crypto/certificate.hpp"
#include "protocol/crypto/digest.hpp"

#include <memory>
#include <span>

namespace kp::crypto {

enum class key_transport { oaep_sha256, pkcs1 };  // asic-and-crypto.md 6.2
// asic-and-crypto.md 6.3; gcm is DPH's form, inside EnvelopedData.
enum class content_cipher { aes_256_cbc, aes_256_gcm };

// The CMS EnvelopedData of `plain` for one recipient, read as it is made: BER indefinite length,
// memory use does not grow with the content (asic-and-crypto.md 6.1). Takes `plain` by reference;
// it must outlive the source.
result<std::unique_ptr<byte_source>> envelop(byte_source& plain, const certificate& recipient,
                                             key_transport transport, content_cipher cipher);

// Opens EnvelopedData as it is read, BER or DER, any segmentation, OAEP or PKCS#1 v1.5, CBC or GCM
// (asic-and-crypto.md 6.5). Tries the recipient info whose issuer and serial fit one of `keys`,
// then the others; `keys` are the current and earlier key pairs of the organisation. Takes `cms` by
// reference; it must outlive the source. Errors at opening: bad_format, wrong_key, unsupported,
// too_large; while reading: bad_format (truncated, bad padding), bad_signature (GCM tag), wrong_key
// (PKCS#1 v1.5, which must not tell at opening whether its padding fitted). With CBC nothing
// authenticates the content: what was read before the end was reached without an error is not to be
// trusted.
result<std::unique_ptr<byte_source>> open_envelope(byte_source& cms,
                                                   std::span<const keystore> keys);

// A detached SignedData over `content` with signer and chain inside, DER. sha1 reproduces what
// today's installations send, sha256 is the default (asic-and-crypto.md 3.2).
result<std::string> sign_detached(std::string_view content, const keystore& signer,
                                  digest_algorithm digest);

// Checks the signature with the certificate inside; returns that certificate. Chain, validity and
// identity are the caller's to judge. Errors: bad_signature, bad_format.
result<certificate> verify_detached(std::string_view content, std::string_view signature);

}  // namespace kp::crypto
