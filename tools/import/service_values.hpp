#pragma once

#include "tools/import/installation.hpp"
#include "tools/import/merge.hpp"

#include <memory>
#include <vector>

namespace kp::importer {

// The single values of DPV, DPI and DPE that the hub has settings for, put under services.* of the
// draft where they are not the hub's own defaults. An organisation has one of each: that of the
// first installation that sends or receives with the service; others that differ are reported.
void carry_service_values(merged& made, const std::vector<std::unique_ptr<installation>>& from,
                          findings& report);

}  // namespace kp::importer
