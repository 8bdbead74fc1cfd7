#pragma once

#include "actors/caf.hpp"
#include "actors/context.hpp"
#include "actors/gateway.hpp"

#include <memory>

namespace kp::storage {
struct backup_source;
}

namespace kp::actors {

// What the administration of a running hub works with.
struct hub_parts {
  std::shared_ptr<hub_context> context;
  std::shared_ptr<gateway_desk> desk;  // network thread only
  caf::actor_system* system = nullptr;
  caf::actor top;  // the hub actor: what concerns an organisation's actors is asked through it
  const storage::backup_source* backup = nullptr;  // null: the store cannot be copied
};

}  // namespace kp::actors
