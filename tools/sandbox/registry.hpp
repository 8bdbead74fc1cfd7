#pragma once

#include "tools/sandbox/citizens.hpp"
#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/endpoint.hpp"
#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/sandbox_clock.hpp"
#include "tools/sandbox/svarut_state.hpp"

#include <functional>

namespace kp::sandbox {

class dpi_state;
class dph_state;

// The Service Registry (service-registry.md, simulator contract), for organisations, residents and
// health addresses.
class registry {
 public:
  struct signing {
    rsa_key key;
    certificate own;
  };
  static result<signing> make_signing(const certificate_authority&, time_point now);

  registry(const directory& known, const certificate_authority& ca, const issuer& maskinporten,
           const sandbox_clock& time, std::string resource, std::string endpoint_url,
           const svarut_state& ks, signing signer)
      : known_(known),
        ca_(ca),
        maskinporten_(maskinporten),
        time_(time),
        resource_(std::move(resource)),
        endpoint_url_(std::move(endpoint_url)),
        ks_(ks),
        signing_(std::move(signer)) {}

  // The shared key of the Service Bus, as /sastoken gives it out.
  std::function<std::string()> sas_key;

  response handle(const route&, const request&, const rsa_key* signer = nullptr) const;
  // From now on it knows residents, and who takes their mail.
  void serve_citizens(const citizens& residents, dpi_state& operators) {
    residents_ = &residents;
    operators_ = &operators;
  }
  // From now on it knows HER-ids, general practitioners and the NHN adapter's certificate.
  void serve_health(dph_state& health) { health_ = &health; }
  // A new signing key; the old one leaves the JWK set.
  result<void> rotate_key();

 private:
  response identifier(const route&, const request&) const;
  // The answer about a resident; nothing when the registry knows none.
  std::optional<response> about_citizen(const route&, const request&,
                                        const boost::json::object& claims) const;
  // The answer about a health address (service-registry.md 5.5).
  response about_health(const route&, const request&) const;
  response virksert(const route&, const request&) const;
  boost::json::object info_record(const organisation&) const;
  boost::json::object dpo_record(const organisation&, const std::string& process) const;
  boost::json::object dpv_record(const organisation&, const std::string& process) const;
  boost::json::object dpf_record(const organisation&, const std::string& process,
                                 std::int64_t level) const;
  std::optional<boost::json::object> record(const organisation&, const std::string& process,
                                            std::optional<std::int64_t> level) const;
  response signed_answer(const request&, const std::string& payload, std::string_view plain_type,
                         const rsa_key* signer) const;

  const directory& known_;
  const certificate_authority& ca_;
  const issuer& maskinporten_;
  const sandbox_clock& time_;
  std::string resource_;
  std::string endpoint_url_;  // in its records; informational only
  const svarut_state& ks_;
  signing signing_;
  const citizens* residents_ = nullptr;
  dpi_state* operators_ = nullptr;
  dph_state* health_ = nullptr;
};

}  // namespace kp::sandbox
