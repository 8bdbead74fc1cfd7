#pragma once

#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/endpoint.hpp"
#include "tools/sandbox/fiks_state.hpp"
#include "tools/sandbox/http_types.hpp"

namespace kp::sandbox {

// KS FIKS IO over HTTP: sending, the catalogue, Dokumentlager (dpfio.md 5 and 10.2), and what its
// broker asks about who may read which queue (dpfio.md 10.1).
class fiks_http {
 public:
  fiks_http(fiks_state& state, const issuer& maskinporten, const sandbox_clock& time,
            random_source& random)
      : state_(state), maskinporten_(maskinporten), time_(time), random_(random) {}

  response handle(const route&, const request&);

 private:
  // The integration that calls, or why not.
  struct caller {
    const fiks_integration* who = nullptr;
    std::optional<response> refusal;
  };
  caller identify(const request&) const;
  response error_answer(const request&, unsigned status, std::string_view message) const;
  response send(const fiks_integration&, const request&);
  response lookup(const request&) const;
  response account(const request&, std::string_view id, bool status_alone) const;
  response key(const request&, std::string_view id) const;
  response put_key(const fiks_integration&, const request&, std::string_view id);
  response document(const fiks_integration&, const request&, std::string_view id);
  response authorize(std::string_view what, const request&) const;
  boost::json::object shown(const fiks_account&) const;

  fiks_state& state_;
  const issuer& maskinporten_;
  const sandbox_clock& time_;
  random_source& random_;
};

}  // namespace kp::sandbox
