#pragma once

#include "config/hub_settings.hpp"
#include "config/ids.hpp"
#include "tools/import/property.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kp::importer {

// A file that was named on the command line.
struct source_file {
  std::string path;
  std::string channel;  // empty: named after its folder
};

struct import_request {
  std::vector<source_file> files;  // those of one channel belong together, the last one overrides
  environment_preset environment = environment_preset::production;  // whose defaults hold
  text_encoding encoding = text_encoding::automatic;
  std::map<service, std::string> receivers;  // decided by the operator: which channel receives
  std::vector<std::string> dropped;          // names of properties; * at the end for all below
  std::string tenants_folder = "tenants.d";
  std::optional<std::string> secrets_folder;  // passwords are written there
  bool force = false;                         // overwrite files
};

}  // namespace kp::importer
