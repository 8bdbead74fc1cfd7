#pragma once

#include "actors/service_port.hpp"
#include "actors/upstream.hpp"

namespace kp::actors {

// DPV over the network: letters to Altinn, and how they fare (dpv.md). Sending only.
std::shared_ptr<service_port> make_dpv_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients);

}  // namespace kp::actors
