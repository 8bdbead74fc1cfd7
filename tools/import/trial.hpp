#pragma once

#include "tools/import/import.hpp"

#include <set>

namespace kp::importer {

// The users in the tenants folder of organisations that are not imported.
std::set<std::string> taken_users(const import_request&, const environment&,
                                  const std::set<organisation_id>& imported);

// Tries the hub's loader on the planned files (in a temporary folder, without any secret), and
// looks for what clashes with the other files in the tenants folder. What it finds is reported.
void try_loader(const std::vector<organisation_draft>&, const import_request&, const environment&,
                plan&);

}  // namespace kp::importer
