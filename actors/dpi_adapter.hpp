#pragma once

#include "actors/dpi_port.hpp"
#include "actors/service_adapter.hpp"

namespace kp::actors {

// Connects one organisation to DPI: sends and follows as every adapter does, and polls for receipts
// (actors/receipt_poller.hpp). `args.port` is a dpi_port.
caf::behavior dpi_adapter(caf::event_based_actor* self, service_adapter_args args);

}  // namespace kp::actors
