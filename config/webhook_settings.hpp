#pragma once

#include <chrono>

namespace kp {

// `webhooks.*` of hub.yaml; declared in config/webhook_settings.cpp.
struct webhook_settings {
  enum class private_targets { by_environment, allow, forbid };
  private_targets to_private = private_targets::by_environment;  // load_hub() decides that one
  bool https_only = false;
  std::chrono::hours give_up_after{48};
  std::chrono::seconds connect_timeout{10};  // name lookup, TCP and TLS each
  std::chrono::seconds read_timeout{10};

  bool allows_private() const { return to_private == private_targets::allow; }
};

}  // namespace kp
