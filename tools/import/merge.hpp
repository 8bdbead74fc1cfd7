#pragma once

#include "config/random.hpp"
#include "tools/import/installation.hpp"
#include "tools/import/organisation_draft.hpp"
#include "tools/import/request.hpp"

#include <memory>
#include <set>

namespace kp::importer {

struct merged {
  organisation_draft draft;
  std::vector<secret_file> secrets;  // only with a folder for secrets
};

// Makes one organisation of its installations (at least one, in the order of the command line),
// each a channel. `users` holds the user names that are taken in the hub, and gets the new ones.
// What breaks a channel rule is reported and changed so that the file keeps the rules.
merged merge(organisation_id, const std::vector<std::unique_ptr<installation>>&,
             const import_request&, std::set<std::string>& users, random_source&, findings&);

}  // namespace kp::importer
