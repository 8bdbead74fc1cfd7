#pragma once

#include "actors/webhook_transport.hpp"
#include "tools/simulation/model.hpp"
#include "tools/simulation/stage.hpp"

namespace kp::simulation {

// The receivers of webhooks, http://hooks/<organisation>/<channel>/<number>. They outlive hubs.
class subscribers {
 public:
  subscribers(stage&, model&);
  // For one hub; nothing is answered to it when it has died.
  std::shared_ptr<actors::webhook_transport> transport(std::weak_ptr<const void> alive);

 private:
  class transport_impl;
  void take(const actors::webhook_push&);

  stage& stage_;
  model& model_;
};

}  // namespace kp::simulation
