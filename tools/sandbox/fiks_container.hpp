#pragma once

#include "tools/sandbox/asic_container.hpp"

#include <boost/json/object.hpp>

// What FIKS IO carries as content, made as KS's clients make it, and judged as a peer judges what
// it gets (dpfio.md 7). OpenSSL, libzip and pugixml, nothing of protocol/.

namespace kp::sandbox {

enum class fiks_style { java, dotnet, dotnet_unsigned };
std::optional<fiks_style> parse_fiks_style(std::string_view);

// The container, unencrypted. Errors: sandbox_errc::crypto, file, invalid_request.
result<std::string> make_fiks_container(const named_files& files, fiks_style style,
                                        const issued_certificate& signer,
                                        const std::string& signature_id);
// Encrypted to an account: Java's clients write one recipientInfo with OAEP, .NET's two for the
// same certificate, PKCS#1 v1.5 first. BER of indefinite length.
result<std::string> seal_for_account(std::string_view plain, fiks_style style,
                                     const certificate& recipient);

struct fiks_content {
  named_files files;
  std::optional<std::string> signer;  // organisation number
  std::string root;                   // the file that is marked as root
  std::vector<std::string> entries;   // every name, in order
};
// Decrypts with the key of the account and holds it against dpfio.md 7 as the sender should make
// it: one recipientInfo with OAEP and SHA-256, AES-256-CBC, mimetype first, a signed manifest that
// covers every file, no SBD. Errors: sandbox_errc::invalid_request with what is wrong.
result<fiks_content> open_fiks_content(std::string_view cms, const issued_certificate& account);

}  // namespace kp::sandbox
