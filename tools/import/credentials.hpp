#pragma once

#include "config/random.hpp"
#include "tools/import/merge.hpp"

namespace kp::importer {

// What a business system signs in with at an installation (difi.security.user.*), hashed as
// `knutepunkt credential` does it (some 50 ms). Where the Java installation has no password that
// can be used, a new one is made when there is a folder for secrets; else the channel is left
// without. `users` as for merge().
std::optional<credential_draft> make_credential(installation&, organisation_id,
                                                const import_request&, std::set<std::string>& users,
                                                std::vector<secret_file>& secrets, random_source&,
                                                findings&);

}  // namespace kp::importer
