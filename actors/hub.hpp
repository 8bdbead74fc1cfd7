#pragma once

#include "actors/context.hpp"
#include "actors/gateway.hpp"
#include "tenants/organisation.hpp"

#include <functional>

namespace kp::actors {

struct hub_args {
  std::shared_ptr<hub_context> context;
  std::shared_ptr<gateway_desk> desk;
  caf::actor writer;
  std::vector<std::shared_ptr<const tenants::organisation>> organisations;
  std::shared_ptr<const tenants::directory> directory;  // of them, as the gateway has it
  // Called once when a part that everything leans on (store writer, limiter, gateway) has stopped:
  // the process should end and be started again by its service manager.
  std::function<void(const std::string& why)> give_up;
};

// The top of the tree: starts the gateway, the upstream limiter and one organisation actor each,
// and supervises the organisations. Understands tenants_changed, organisation_ended,
// find_organisation (actors/hub_requests.hpp).
caf::behavior hub(caf::event_based_actor* self, hub_args args);

}  // namespace kp::actors
