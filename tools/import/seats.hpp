#pragma once

#include "tools/import/installation.hpp"
#include "tools/import/organisation_draft.hpp"
#include "tools/import/request.hpp"

#include <memory>

namespace kp::importer {

// What an installation has switched on: difi.move.feature.enable...
std::set<service> services_of(installation&);

// Who sends and receives what. Fills sends, receives, references and addresses of the draft's
// channels, which are in the order of the installations, and the services that the organisation
// enables. Each conflict is reported with the channel rule that it breaks, and solved so that the
// rule is kept. Rules: docs/channel-rules.md.
void assign_seats(organisation_draft&, const std::vector<std::unique_ptr<installation>>&,
                  const import_request&, findings&);

// The place of the channel that receives a service, if any does.
std::optional<std::size_t> receiver_of(const organisation_draft&, service);

}  // namespace kp::importer
