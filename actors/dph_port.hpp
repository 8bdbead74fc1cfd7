#pragma once

#include "actors/service_port.hpp"
#include "actors/upstream.hpp"

namespace kp::actors {

// DPH over the real network: health messages through the NHN adapter (dph.md). A HER-id that a
// channel only sends from is asked for receipts alone.
std::shared_ptr<service_port> make_dph_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients);

}  // namespace kp::actors
