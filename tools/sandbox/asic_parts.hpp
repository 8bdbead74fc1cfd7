#pragma once

#include "tools/sandbox/asic_container.hpp"
#include "tools/sandbox/freed_by.hpp"

#include <openssl/cms.h>
#include <pugixml.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

// What the containers of all services have in common (ETSI EN 319 162-1, CAdES): their files, the
// manifest that is signed, and CMS over OpenSSL. For the files of containers alone.

namespace kp::sandbox::asic {

inline constexpr const char* container_type = "application/vnd.etsi.asic-e+zip";
inline constexpr const char* sha256_uri = "http://www.w3.org/2001/04/xmlenc#sha256";

struct free_stack {  // not what is in it
  void operator()(STACK_OF(X509) * it) const { sk_X509_free(it); }
};
using certificate_stack = std::unique_ptr<STACK_OF(X509), free_stack>;
using bio = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using cms_info = std::unique_ptr<CMS_ContentInfo, freed_by<CMS_ContentInfo_free>>;

error wrong(std::string what);
error bad_crypto(const char* what);  // "OpenSSL refused " + what

bio reading(std::string_view bytes);  // which outlive it
bio writing();
std::string written(const bio& to);

std::string text_of(const pugi::xml_document&);
std::string media_type_of(const std::string& name);
// META-INF/manifest.xml, as OpenDocument has it.
std::string listing_of(const named_files&);

// The detached signature of a manifest, DER.
result<std::string> sign(const std::string& text, const issued_certificate& signer,
                         const EVP_MD* digest);
// The organisation number of who signed. Error: sandbox_errc::invalid_request.
result<std::optional<std::string>> signer_of(const std::string& manifest,
                                             const std::string& signature);

// The files of a container, mimetype first.
result<named_files> entries_of(std::string_view zip);

struct manifest_facts {
  std::string signature;  // name of the file with it
  std::string root;       // the file that is marked as root
};
// Whether every file that a manifest names is there and has its digest; they are taken out of
// `uncovered`.
result<manifest_facts> check_references(const std::string& manifest,
                                        const std::map<std::string, std::string>& entries,
                                        std::set<std::string>& uncovered);

}  // namespace kp::sandbox::asic
