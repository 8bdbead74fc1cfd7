#pragma once

#include "protocol/asic/asic.hpp"

// dokumentpakke: ASiC-E with a CAdES signature and without manifest.xml, in a CMS EnvelopedData
// with AES-256-GCM whose tag ends the content (dph.md 6.2). It is opened by crypto::open_envelope.

namespace kp::dph {

// `files` in order, the main document first. Errors: those of asic::build and of the envelope.
// Worker threads only.
result<std::shared_ptr<spool>> pack(std::vector<asic::file> files, const crypto::keystore& signer,
                                    const crypto::certificate& recipient, spool_factory& spools,
                                    std::string signature_id);

}  // namespace kp::dph
