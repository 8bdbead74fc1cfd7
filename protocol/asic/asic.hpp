#pragma once

#include "config/byte_io.hpp"
#include "protocol/crypto/cms.hpp"

#include <functional>

// ASiC-E with a CAdES-style signature, as DPO, DPE and DPH carry it, or with a XAdES signature, as
// DPI does (asic-and-crypto.md 2 to 5).

namespace kp::asic {

struct file {
  std::string name;  // UTF-8, no control characters; must not begin with META-INF/
  std::string mime_type;
  std::function<result<std::unique_ptr<byte_source>>()> open;  // may be called once
  std::optional<std::uint64_t> size_hint{};  // see zip::entry; give it for long files
};

// The inner manifest.xml of DPO and DPE (asic-and-crypto.md 5.1).
struct manifest {
  std::string receiver;  // "0192:910075918"
  std::string sender;
  std::string main_document;  // name of the first file
  std::string main_mime_type;
};
std::string to_xml(const manifest&);

enum class signature_form {
  cades,  // META-INF/ASiCManifest.xml and a p7s over it
  xades,  // META-INF/signatures.xml; always SHA-256
};
struct build_options {
  crypto::digest_algorithm signature_digest = crypto::digest_algorithm::sha256;  // cades
  std::string signature_id{};  // cades: the uuid in META-INF/signature-<uuid>.p7s
  signature_form form = signature_form::cades;
  time_point signing_time{};    // xades
  bool marks_root = false;      // cades: the manifest says that the first file is the root
  std::string manifest_name{};  // cades: when it is not META-INF/ASiCManifest.xml
};
// mimetype (stored, first), manifest.xml when given, the files in order, the signature with what it
// needs, OpenDocument manifest. Every file is read once. Errors: those of the files and of the
// spool; bad_format for names that cannot be in a container or are there twice; internal.
result<void> build(const std::shared_ptr<spool>& to, const std::optional<manifest>&,
                   std::vector<file> files, const crypto::keystore& signer,
                   const build_options& options);

struct verified {
  std::vector<std::string> files;  // payload entries, manifest.xml included
  // Of each ASiCManifest; a file may be covered by one of them alone, so judge all. Empty when all
  // there is is XAdES, of which digests alone are compared, as the library does: then nothing is
  // known about who signed.
  std::vector<crypto::certificate> signers;
};
// The library's rules (asic-and-crypto.md 3.3) with its texts (11.1): mimetype, digests,
// signatures, every payload entry covered. Chain, validity and identity of the signers are the
// caller's to judge. What is judged is what the zip's directory lists. Errors: bad_format,
// bad_signature, too_large, unsupported; those of `container`.
// Where unsigned manifests are accepted, one that names no signature counts by its digests alone,
// and has no signer.
enum class unsigned_manifests { refused, accepted };
result<verified> verify(std::shared_ptr<const random_access_source> container,
                        unsigned_manifests = unsigned_manifests::refused);

}  // namespace kp::asic
