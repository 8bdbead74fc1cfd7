#pragma once

#include "protocol/asic/asic.hpp"

#include <memory>
#include <optional>
#include <string>

// The body of a message in a queue (dpe.md 7): one JSON object with the SBD, and when the message
// has files, the encrypted ASiC-E, in base64 twice. All of this blocks; worker threads only.

namespace kp::dpe {

// Larger ones are not read: an upload is 2 MB at most (dpe.md 6.6), and grows by 1.78.
inline constexpr std::size_t max_payload_bytes = 16 * 1024 * 1024;

struct content {
  asic::manifest manifest;
  std::vector<asic::file> files;  // primary first, then by document number
  const crypto::keystore* signer = nullptr;
  crypto::certificate recipient;
  crypto::digest_algorithm signature_digest = crypto::digest_algorithm::sha256;
};

// Makes the body in a spool of `spools`. `content` is absent for messages without files. The key
// goes by PKCS#1 v1.5, as all receivers of DPE open it (dpe.md 7.1). Errors: those of the files;
// crypto_errc::too_large beyond max_payload_bytes.
result<std::shared_ptr<spool>> pack(std::string_view sbd_json,
                                    const std::optional<content>& content, spool_factory& spools,
                                    std::string signature_id);

// What arrived, as far as it can be judged without a key.
struct payload {
  std::string sbd;                 // JSON
  std::optional<std::string> cms;  // the EnvelopedData
};
// Takes UTF-8 whatever its Content-Type said, unknown members, and content that was encoded once
// only. Errors: dpe_errc::bad_payload; crypto_errc::too_large; those of `from`.
result<payload> open(std::shared_ptr<const random_access_source> from);

}  // namespace kp::dpe
