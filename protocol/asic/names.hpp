#pragma once

#include <string_view>

// The names of ASiC-E (ETSI TS 102 918 §6.2, asic-and-crypto.md 2, 3). Not for other rooms.

namespace kp::asic::names {

inline constexpr std::string_view mimetype = "mimetype";
inline constexpr std::string_view container_type = "application/vnd.etsi.asic-e+zip";
inline constexpr std::string_view zip_comment = "mimetype=application/vnd.etsi.asic-e+zip";
inline constexpr std::string_view metadata_folder = "META-INF/";
inline constexpr std::string_view inner_manifest = "manifest.xml";
inline constexpr std::string_view asic_manifest = "META-INF/ASiCManifest.xml";
inline constexpr std::string_view opendocument_manifest = "META-INF/manifest.xml";
inline constexpr std::string_view xades_signature = "META-INF/signatures.xml";
inline constexpr std::string_view signature_type = "application/x-pkcs7-signature";

inline constexpr std::string_view asic_namespace = "http://uri.etsi.org/02918/v1.2.1#";
inline constexpr std::string_view dsig_namespace = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr std::string_view opendocument_namespace =
    "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0";
inline constexpr std::string_view sha256_algorithm = "http://www.w3.org/2001/04/xmlenc#sha256";

}  // namespace kp::asic::names
