#pragma once

#include "tools/import/merge.hpp"

namespace kp::importer {

// Carries difi.move.fiks.ut.* and .inn.* over as services.dpf: accounts of SvarUt, receiver systems
// of SvarInn, and what applies to all letters. Takes DPF from channels that have no credentials for
// it, and says so. After the seats have been assigned.
void carry_svarut(merged&, organisation_id, const std::vector<std::unique_ptr<installation>>&,
                  const import_request&, findings&);

}  // namespace kp::importer
