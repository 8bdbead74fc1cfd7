#pragma once

#include "tools/sandbox/directory.hpp"

#include <boost/json/object.hpp>

namespace kp::sandbox {

// The processes of eInnsyn (service-registry.md 5.1); an organisation with DPE has all of them.
const std::vector<std::string>& einnsyn_processes();

// The registry's record of a process of eInnsyn, whose endpointUrl is the service code that ends
// the name of the queue (dpe.md 3); nullopt for another process, or without DPE.
std::optional<boost::json::object> dpe_record(const organisation&, std::string_view process);

}  // namespace kp::sandbox
