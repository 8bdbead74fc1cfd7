#pragma once

#include "actors/caf.hpp"
#include "actors/dpfio_port.hpp"
#include "actors/service_adapter.hpp"

namespace kp::actors {

struct dpfio_arrived {};  // what the adapter says to itself: there is something to list

// Connects one organisation to DPFIO as every adapter does, but arrivals come by themselves: it
// receives in the modes that do, and looks when something has come. `args.port` is a dpfio_port.
caf::behavior dpfio_adapter(caf::event_based_actor* self, service_adapter_args args);

}  // namespace kp::actors

KP_MESSAGE(kp::actors::dpfio_arrived);
