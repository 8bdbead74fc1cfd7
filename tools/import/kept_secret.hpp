#pragma once

#include "tools/import/merge.hpp"

namespace kp::importer {

// Where the hub is to read a password: `file` in the folder of secrets, where it will be written,
// or beside the tenants' folder, where a person is told to write it. `property`: what it came from.
std::string keep_secret(merged&, const import_request&, const installation& whose,
                        const std::string& property, const std::string& file,
                        const std::optional<std::string>& password, findings&);

}  // namespace kp::importer
