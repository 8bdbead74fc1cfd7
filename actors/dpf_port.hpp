#pragma once

#include "actors/service_port.hpp"
#include "actors/upstream.hpp"

namespace kp::actors {

// DPF: KS SvarUt sends, KS SvarInn receives (dpf.md). Receives when the organisation has receiver
// systems and a channel of this hub receives DPF: otherwise SvarInn is never asked.
std::shared_ptr<service_port> make_dpf_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients);

}  // namespace kp::actors
