#pragma once

#include "config/error.hpp"
#include "config/secret.hpp"

#include <string>

namespace kp {

// What `knutepunkt erase` does: erases everything that is kept of an organisation, and gives the
// receipt as JSON. Refused while the organisation has a file among the tenants, or a hub has the
// store open. Errors: config_errc::invalid_value, storage_errc.
result<std::string> erase_offline(const std::string& hub_file, const std::string& number,
                                  const environment&);

}  // namespace kp
