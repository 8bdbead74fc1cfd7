#pragma once

#include "actors/context.hpp"
#include "actors/dpo_transport.hpp"
#include "tools/simulation/stage.hpp"

namespace kp::simulation {

// The actors of one organisation that run now, by name ("channel fag", "adapter", ...).
struct house_parts {
  std::map<std::string, caf::actor> running;
  caf::actor find(const std::string& name) const {
    const auto found = running.find(name);
    return found == running.end() ? caf::actor() : found->second;
  }
};

struct house_args {
  stage* on = nullptr;
  std::shared_ptr<actors::organisation_context> context;
  std::shared_ptr<actors::dpo_transport> transport;
  caf::actor writer;
  std::shared_ptr<house_parts> parts;
};

// An organisation of the hub with the channel router, DPO adapter, deadlines, webhook dispatcher
// and channels that the hub has, started again when they die. Only the Service Registry is played:
// everybody receives by DPO, and now and then it does not answer.
caf::behavior house(caf::event_based_actor* self, house_args args);

}  // namespace kp::simulation
