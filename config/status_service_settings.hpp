#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace kp {

// `status_service.*` of hub.yaml; declared in config/status_service_settings.cpp. The address is
// national_addresses::status_service_url; without it nothing is reported.
struct status_service_settings {
  std::vector<std::string> scopes;  // of the tokens; empty: those of the organisation's services
  bool allow_unencrypted = false;
  bool waits_for_answers = true;    // over RSocket; false: fire and forget
  std::uint64_t max_waiting = 100'000;  // reports of one organisation; further ones are not made
  std::chrono::hours give_up_after{24 * 7};
};

}  // namespace kp
