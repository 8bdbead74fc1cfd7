#pragma once

#include "protocol/asic/asic.hpp"
#include "protocol/crypto/cms.hpp"

// The content of a message of FIKS IO: an ASiC-E in a CMS envelope to the receiving account
// (dpfio.md 7). No SBD travels in it.

namespace kp::dpfio {

// The files in their order, the first of them the root. As KS's own clients make it: one recipient,
// OAEP with SHA-256, AES-256-CBC. Worker threads only. Errors: those of asic::build.
result<std::shared_ptr<spool>> pack(std::vector<asic::file> files, const crypto::keystore& signer,
                                    const crypto::certificate& recipient, spool_factory& spools,
                                    std::string signature_id);

// Whether a decrypted container is what KS's clients take: every file is covered by a manifest and
// has its digest; a signature, where there is one, verifies. .NET clients may sign nothing. Whose
// certificate it is, is for the caller to tell; no issuer is refused (dpfio.md 7.2).
result<asic::verified> check(std::shared_ptr<const random_access_source> container);

}  // namespace kp::dpfio
