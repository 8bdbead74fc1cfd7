#pragma once

#include "tools/sandbox/control.hpp"
#include "tools/sandbox/services.hpp"

namespace kp::sandbox {

inline constexpr std::size_t max_body = 1024 * 1024;               // of anything but an upload
inline constexpr std::size_t max_control_body = 64 * 1024 * 1024;  // an injected transfer in Base64
inline constexpr std::uint64_t max_discarded =
    1024 * 1024;  // of a refused upload, before answering

// Finds the service of a request, lets faults strike, and counts.
class router final : public application {
 public:
  router(services& all, control_api& control) : all_(all), control_(control) {}
  std::unique_ptr<exchange> begin(request head) override;

 private:
  services& all_;
  control_api& control_;
};

}  // namespace kp::sandbox
