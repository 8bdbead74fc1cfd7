#pragma once

#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include "config/random.hpp"

namespace kp::sandbox {

// Altinn's token exchange (maskinporten.md 6, dpo.md 2.2).
class altinn_exchange {
 public:
  altinn_exchange(const issuer& maskinporten, issuer self, const sandbox_clock& time,
                  random_source& random)
      : maskinporten_(maskinporten), self_(std::move(self)), time_(time), random_(random) {}

  // GET /authentication/api/v1/exchange/maskinporten.
  response exchange(const request&, const rsa_key* signer = nullptr) const;
  const issuer& self() const { return self_; }

 private:
  const issuer& maskinporten_;
  issuer self_;
  const sandbox_clock& time_;
  random_source& random_;
};

}  // namespace kp::sandbox
