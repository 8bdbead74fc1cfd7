#pragma once

#include "actors/service_adapter.hpp"
#include "actors/upstream.hpp"

#include <span>

namespace kp::actors {

// How an organisation is connected to one message service. The table has a row for each of
// tenants::connected_services.
struct service_plug {
  service via = service::unknown;
  // Anew whenever the organisation's settings or clients change.
  std::shared_ptr<service_port> (*make_port)(std::shared_ptr<organisation_context>,
                                             std::shared_ptr<upstream>) = nullptr;
  // service_adapter, unless the service's protocol asks for more.
  caf::actor (*start)(caf::actor_system&, service_adapter_args) = nullptr;
};
std::span<const service_plug> service_plugs();

// The ports of the services that the organisation uses.
service_ports make_ports(const std::shared_ptr<organisation_context>&,
                         const std::shared_ptr<upstream>&);

}  // namespace kp::actors
