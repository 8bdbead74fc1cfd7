#pragma once

#include "config/clock.hpp"
#include "tools/import/installation.hpp"
#include "tools/import/organisation_draft.hpp"

namespace kp::importer {

// The key store of an installation as far as it can be seen from here.
struct found_keystore {
  std::string path;  // absolute; of the PKCS#12 file, also when that is still to be made
  std::optional<std::string> alias;
  std::optional<std::string> password;
  std::string content;     // SHA-256; empty: it could not be read
  time_point not_after{};  // of its certificate, when it could be opened
};

// Reads difi.move.org.keystore.*, finds the file, tries password and alias, and compares the
// certificate with the organisation. nullopt when the installation names no file that the hub could
// use; what is wrong or to be done is reported.
std::optional<found_keystore> find_keystore(installation&, organisation_id, findings&);

}  // namespace kp::importer
