#pragma once

#include "tools/import/installation.hpp"
#include "tools/import/merge.hpp"

#include <memory>
#include <vector>

namespace kp::importer {

// The single values of DPV, DPI, DPE, DPFIO and DPH that the hub has settings for, put under
// services.* of the draft where they are not the hub's own defaults. An organisation has one of
// each: that of the first installation that sends or receives with the service; others that differ
// are reported.
void carry_service_values(merged&, organisation_id,
                          const std::vector<std::unique_ptr<installation>>&, const import_request&,
                          findings&);

}  // namespace kp::importer
