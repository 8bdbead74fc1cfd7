#pragma once

#include "config/byte_io.hpp"
#include "protocol/crypto/cms.hpp"

#include <functional>

// ASiC-E with a CAdES-style signature, as DPO, DPE and DPH carry it (asic-and-crypto.md 2, 3, 5).

namespace kp::asic {

struct file {
  std::string name;        // must not begin with META-INF/
  std::string mime_type;
  std::function<result<std::unique_ptr<byte_source>>()> open;  // may be called once
};

// The inner manifest.xml of DPO and DPE (asic-and-crypto.md 5.1).
struct manifest {
  std::string receiver;         // "0192:910075918"
  std::string sender;
  std::string main_document;    // name of the first file
  std::string main_mime_type;
};
std::string to_xml(const manifest&);

struct build_options {
  crypto::digest_algorithm signature_digest = crypto::digest_algorithm::sha256;
  std::string signature_id;     // the uuid in META-INF/signature-<uuid>.p7s
};
// mimetype (stored, first), manifest.xml when given, the files in order, ASiCManifest, signature,
// OpenDocument manifest. Every file is read once.
result<void> build(const std::shared_ptr<spool>& to, const std::optional<manifest>&,
                   std::vector<file> files, const crypto::keystore& signer,
                   const build_options& options);

struct verified {
  std::vector<std::string> files;               // payload entries, manifest.xml included
  std::vector<crypto::certificate> signers;     // of each ASiCManifest
};
// The library's rules (asic-and-crypto.md 3.3) with its texts (11.1): mimetype, digests, signatures,
// every payload entry covered. Errors: bad_format, bad_signature.
result<verified> verify(std::shared_ptr<const random_access_source> container);

}  // namespace kp::asic
