#pragma once

#include "tools/sandbox/rsocket_listener.hpp"
#include "tools/sandbox/services.hpp"

namespace kp::sandbox {

// The status service over RSocket: route log-fire, a bearer token with each request.
class status_rsocket final : public rsocket_responder {
 public:
  explicit status_rsocket(services& all) : all_(all) {}
  rsocket_troubles begin() override;
  rsocket_answer answer(const std::string& metadata, const std::string& data) override;

 private:
  services& all_;
};

}  // namespace kp::sandbox
