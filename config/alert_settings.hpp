#pragma once

#include "config/problem.hpp"
#include "config/secret.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace kp {

// A place that alerts are posted to.
struct alert_webhook {
  std::string url;
  std::optional<secret> signing;  // signed as webhooks of clients are; absent: not signed
  source_position where{};
};

struct alert_mail {
  std::string server;  // smtp://host:port or smtps://host:port; empty: no mail
  std::string from;
  std::vector<std::string> to;
  std::string user;  // empty: without signing in
  std::optional<secret> password;
  bool allow_unencrypted = false;
};

// `alerts.*` of hub.yaml; declared in config/alert_settings.cpp.
struct alert_settings {
  bool failed = true;                        // FEIL
  bool expired = true;                       // LEVETID_UTLOPT
  bool parked = true;                        // a delivery that is no message
  std::chrono::hours nothing_delivered{24};  // 0: never
  std::chrono::minutes every{5};             // what happens in between is told together
  std::chrono::hours give_up_after{48};
  std::vector<alert_webhook> webhooks;
  alert_mail mail;

  bool tells_anybody() const { return !webhooks.empty() || !mail.server.empty(); }
};

}  // namespace kp
