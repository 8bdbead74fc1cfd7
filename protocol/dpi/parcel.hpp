#pragma once

#include "config/clock.hpp"
#include "protocol/asic/asic.hpp"

#include <boost/json/object.hpp>

// What leaves for corner 2: the document package (dokumentpakke) and the signed business message.
// Blocking work; worker threads only.

namespace kp::dpi {

struct package {
  std::shared_ptr<spool> cms;
  std::string digest;  // base64 of SHA-256 over the bytes of `cms`
};

// ASiC-E with XAdES, signed by `signer`, enveloped for `recipient` with OAEP-SHA-256 and
// AES-256-CBC (dpi.md 6). `files` in order, manifest.xml comes first. Errors: those of asic::build
// and of the envelope.
result<package> pack(const std::string& manifest_xml, std::vector<asic::file> files,
                     const crypto::keystore& signer, const crypto::certificate& recipient,
                     spool_factory& spools, time_point now);

// The compact JWS of a business message: RS256, x5c with the leaf alone (dpi.md 4).
result<std::string> sign(const boost::json::object& business_message,
                         const crypto::keystore& signer);

}  // namespace kp::dpi
