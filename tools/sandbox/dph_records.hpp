#pragma once

#include "tools/sandbox/dph_state.hpp"

#include <boost/json/array.hpp>

namespace kp::sandbox {

// What the Service Registry says of a health address (service-registry.md 3, 5.5).
boost::json::object health_info(const dph_state&, const std::string& identifier, const her_id&);
// The records of one process, or of all when it is empty. `pem`: the adapter's certificate.
boost::json::array health_records(const dph_state&, const std::string& identifier, const her_id&,
                                  const std::string& process, const std::string& pem,
                                  const std::string& endpoint_url);

}  // namespace kp::sandbox
