#pragma once

#include "protocol/crypto/certificate.hpp"
#include "protocol/crypto/cms.hpp"

#include <span>
#include <string>
#include <string_view>

// The part of EnvelopedData that carries the content key (RFC 5652 §6.2.1). Not for other rooms.

namespace kp::crypto::detail {

// A KeyTransRecipientInfo, DER, with `content_key` encrypted to `recipient` (asic-and-crypto.md
// 6.2). Errors: unsupported when the certificate's key is not RSA.
result<std::string> wrap_key(std::string_view content_key, const certificate& recipient,
                             key_transport transport);

// What came out of the recipient infos.
struct unwrapped_key {
  std::string key;
  // The key may be made up: RSA PKCS#1 v1.5 must not tell whether its padding fitted (RFC 5652
  // §13). Then the content shows it, and this says which error to give.
  bool addressed_to_us = true;
};

// Finds the content key, `key_length` bytes, in recipientInfos (the SET, DER). Errors: bad_format,
// wrong_key, unsupported when there is nothing but other kinds of recipient info, too_large.
result<unwrapped_key> unwrap_key(std::string_view recipient_infos, std::span<const keystore> keys,
                                 std::size_t key_length);

}  // namespace kp::crypto::detail
