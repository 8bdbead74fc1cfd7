#pragma once

#include "tools/sandbox/keys.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Judges what a container claims, with libxml2 and xmlsec.

namespace kp::sandbox {

using entry_list = std::vector<std::pair<std::string, std::string>>;

struct xades_verdict {
  std::vector<std::string> faults;  // empty: the signature holds and covers every file
  std::optional<certificate> signer;
};
// META-INF/signatures.xml over the entries of its container.
xades_verdict judge_xades(std::string_view signatures_xml, const entry_list& entries);

// Faults of manifest.xml: by its XML schema, and what it names and is not there.
std::vector<std::string> judge_manifest(std::string_view manifest_xml, const entry_list& entries);

// The bytes of schema/sdp-manifest.xsd.
std::string_view sdp_manifest_schema();

}  // namespace kp::sandbox
