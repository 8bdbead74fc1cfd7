#pragma once

#include "tools/sandbox/ca.hpp"

#include <string>
#include <utility>
#include <vector>

// What DPE carries as content, made and opened as a peer does: an ASiC-E with a CAdES signature in
// a CMS envelope (dpe.md 7.1). OpenSSL, libzip and pugixml, nothing of protocol/.

namespace kp::sandbox {

inline constexpr std::size_t max_container = 64 * 1024 * 1024;

using named_files = std::vector<std::pair<std::string, std::string>>;  // name, bytes

// As today's installations make it: SHA-1 signature, RSA PKCS#1 v1.5, AES-256-CBC. `sender` and
// `receiver` stand in the manifest. Errors: sandbox_errc::crypto, file.
result<std::string> seal_files(const named_files& files, const std::string& sender,
                               const std::string& receiver, const issued_certificate& signer,
                               const certificate& recipient, const std::string& signature_id);

// The container alone, as DPH carries it: without manifest.xml and without an envelope.
result<std::string> sign_files(const named_files& files, const issued_certificate& signer,
                               const std::string& signature_id);

struct opened_container {
  named_files files;                  // with manifest.xml
  std::optional<std::string> signer;  // organisation number in the certificate
  std::string key_transport;          // OID of the recipient's key encryption; "" without envelope
};
// Verifies the signature, and every digest; every file is covered. Errors: sandbox_errc::file,
// invalid_request with what is wrong.
result<opened_container> read_container(std::string_view zip);
// Decrypts with the key of `recipient`, then as read_container(). Errors: sandbox_errc::crypto too.
result<opened_container> open_container(std::string_view cms, const issued_certificate& recipient);

// The key and certificate of a PKCS#12 file. Errors: sandbox_errc::crypto.
result<issued_certificate> open_keystore_file(std::string_view der, const std::string& password);

}  // namespace kp::sandbox
