#include "actors/service_table.hpp"

#include "actors/dpe_port.hpp"
#include "actors/dpf_port.hpp"
#include "actors/dpfio_adapter.hpp"
#include "actors/dph_port.hpp"
#include "actors/dpi_adapter.hpp"
#include "actors/dpo_adapter.hpp"
#include "actors/dpv_port.hpp"
#include "tenants/connected_services.hpp"

#include <array>

namespace kp::actors {

namespace {

caf::actor start_adapter(caf::actor_system& system, service_adapter_args args) {
  return system.spawn(service_adapter, std::move(args));
}

std::shared_ptr<service_port> dpo_port(std::shared_ptr<organisation_context> context,
                                       std::shared_ptr<upstream> clients) {
  return make_dpo_transport(std::move(context), std::move(clients));
}
// What Broker holds is recovered, and asked for as several system users.
caf::actor start_dpo(caf::actor_system& system, service_adapter_args args) {
  return system.spawn(dpo_adapter, std::move(args));
}

std::shared_ptr<service_port> dpi_port_of(std::shared_ptr<organisation_context> context,
                                          std::shared_ptr<upstream> clients) {
  return make_dpi_port(std::move(context), std::move(clients));
}
// What comes in are receipts, which are no messages.
caf::actor start_dpi(caf::actor_system& system, service_adapter_args args) {
  return system.spawn(dpi_adapter, std::move(args));
}

std::shared_ptr<service_port> dpfio_port_of(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients) {
  return make_dpfio_port(std::move(context), std::move(clients));
}
// Arrivals come by themselves.
caf::actor start_dpfio(caf::actor_system& system, service_adapter_args args) {
  return system.spawn(dpfio_adapter, std::move(args));
}

constexpr std::array plugs{
    service_plug{service::dpo, &dpo_port, &start_dpo},
    service_plug{service::dpe, &make_dpe_port, &start_adapter},
    service_plug{service::dpi, &dpi_port_of, &start_dpi},
    service_plug{service::dpf, &make_dpf_port, &start_adapter},
    service_plug{service::dpv, &make_dpv_port, &start_adapter},
    service_plug{service::dpfio, &dpfio_port_of, &start_dpfio},
    service_plug{service::dph, &make_dph_port, &start_adapter},
};
static_assert(plugs.size() == tenants::connected_services.size());

}  // namespace

std::span<const service_plug> service_plugs() {
  return plugs;
}

service_ports make_ports(const std::shared_ptr<organisation_context>& context,
                         const std::shared_ptr<upstream>& clients) {
  service_ports ports;
  for (const auto& plug : plugs)
    if (context->settings->enabled(plug.via))
      ports.emplace(plug.via, plug.make_port(context, clients));
  return ports;
}

}  // namespace kp::actors
