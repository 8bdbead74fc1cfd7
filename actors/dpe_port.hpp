#pragma once

#include "actors/service_port.hpp"
#include "actors/upstream.hpp"

namespace kp::actors {

// DPE (eInnsyn) over Azure Service Bus (dpe.md). Statuses are messages of their own in the same
// queue, so nothing is followed; arrivals are locked, stored and only then taken out. Asks for
// arrivals only when a channel of this hub receives DPE: a queue has one reader.
std::shared_ptr<service_port> make_dpe_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients);

}  // namespace kp::actors
