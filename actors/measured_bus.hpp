#pragma once

#include "actors/context.hpp"
#include "protocol/dpe/bus.hpp"

#include <memory>

namespace kp::actors {

// The same bus, with its calls counted and timed, and their last outcomes reported, under the names
// that measured_client gives those over HTTP. For one that does not speak HTTP. `hub` outlives it.
std::unique_ptr<dpe::bus> measure(std::unique_ptr<dpe::bus> bus, hub_context& hub);

}  // namespace kp::actors
