#pragma once

#include "config/problem.hpp"
#include "tenants/organisation.hpp"
#include "tenants/referenced_files.hpp"
#include "tenants/tenants_folder.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kp::tenants {

struct loaded {
  std::vector<std::shared_ptr<const organisation>> organisations;  // those without problems, by id
  std::vector<problem> problems;      // everything that is wrong, at once
  std::vector<std::string> clashing;  // files that are good in themselves; another has the same
  std::map<std::string, file_stamp> files;  // load_folder: what was read, as it was just before
  // By the path of the organisation's file: what else was read for it, as it was just before.
  std::map<std::string, reference_stamps> references;
};

// Reads one organisation's file: structure, values, channel rules (tenants/channel_rules.hpp).
// `environment` answers names of environment variables (std::getenv in the programs); secrets are
// read once to see that they are there. Key stores are read to tell one from another; not opened.
loaded load_file(const std::string& path, const environment& environment);

// Reads every *.yaml and *.yml of a folder (not below; hidden files and editors' leftovers are
// passed over), on as many threads as there are cores, and checks what concerns several files: an
// organisation in two files, the same credential
// twice. Of two files that clash, the first by name is
// kept and the other one has the problem. `environment` is called from several threads.
loaded load_folder(const std::string& folder, const environment& environment);

// Credentials that can let nobody in with these settings of the hub: of a token issuer that it does
// not trust, or a client certificate that its listener does not ask for.
std::vector<problem> check_against_hub(const loaded&, const hub_settings&);

// The settings reference (Markdown tables) of an organisation's file, made from the declarations.
std::string describe_organisation_settings();

}  // namespace kp::tenants
