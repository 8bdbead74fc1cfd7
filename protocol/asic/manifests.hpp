#pragma once

#include "protocol/asic/asic.hpp"

#include <string>
#include <string_view>
#include <vector>

// The XML documents inside a container. Not for other rooms.

namespace kp::asic {

// A payload entry as the manifests list it.
struct reference {
  std::string name;
  std::string mime_type;
  std::string digest;            // raw SHA-256; empty while it is not known
  std::string digest_algorithm;  // when read: the identifier as written
};

// META-INF/ASiCManifest.xml (asic-and-crypto.md 3.1).
// `marks_root`: the first file is said to be the root file.
std::string asic_manifest_xml(const std::string& signature_name,
                              const std::vector<reference>& files, bool marks_root = false);
// META-INF/manifest.xml (2.1).
std::string opendocument_manifest_xml(const std::vector<reference>& files);

struct asic_manifest {
  std::string signature_name;  // "" when it names none
  std::vector<reference> files;
};
// Also with the namespaces of older versions. bad_format when it is none.
result<asic_manifest> parse_asic_manifest(std::string_view xml);

// The references to files of META-INF/signatures*.xml (4). bad_format when it is none.
result<std::vector<reference>> parse_xades(std::string_view xml);

}  // namespace kp::asic
