#pragma once

#include "tools/sandbox/broker_state.hpp"
#include "tools/sandbox/endpoint.hpp"
#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/rate_limiter.hpp"

#include <variant>

namespace kp::sandbox {

// Altinn 3 Broker's HTTP (dpo.md 2.4 and 3).
class broker_http {
 public:
  broker_http(broker_state& state, const issuer& maskinporten, const issuer& altinn,
              const sandbox_clock& time, random_source& random, std::string resource)
      : state_(state),
        maskinporten_(maskinporten),
        altinn_(altinn),
        time_(time),
        random_(random),
        resource_(std::move(resource)) {}

  rate_limiter limits;

  // Every endpoint but upload.
  response handle(const route&, const request&);

  // An upload that may begin, or why not.
  using upload_start = std::variant<std::unique_ptr<file_writer>, response>;
  upload_start begin_upload(const route&, const request& head);
  response finish_upload(const route&, file_writer&, bool malware);
  void abort_upload(const route&);

  const std::string& resource() const { return resource_; }

 private:
  struct admitted {
    std::string caller;  // nine digits; empty for a token without a system user that has access
  };
  using admission = std::variant<admitted, response>;
  // Rate limit, token, scope and Accept, in that order.
  admission admit(const route&, const request&);

  response initialize(const admitted&, const request&);
  response search(const admitted&, const request&);
  response overview(const admitted&, const std::string& id, bool details);
  response download(const admitted&, const std::string& id, const request&);

  response problem(broker_code) const;
  response invalid(boost::json::object errors) const;
  std::string trace_id() const;

  broker_state& state_;
  const issuer& maskinporten_;
  const issuer& altinn_;
  const sandbox_clock& time_;
  random_source& random_;
  std::string resource_;
};

// The overview, with fields that the published specification does not know, and for details also
// the histories (dpo.md 3.4).
boost::json::object describe(const transfer&, bool details);

}  // namespace kp::sandbox
