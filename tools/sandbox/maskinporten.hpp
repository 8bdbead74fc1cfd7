#pragma once

#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include <deque>
#include <unordered_set>

namespace kp::sandbox {

inline constexpr std::size_t max_remembered_grants = 100'000;  // jti values
inline constexpr std::size_t max_recorded_grants = 1'000;      // for GET /control/grants

// Maskinporten's token endpoint (maskinporten.md, simulator contract).
class maskinporten {
 public:
  maskinporten(const directory& known, const certificate_authority& ca, const sandbox_clock& time,
               random_source& random, kp::sandbox::issuer self)
      : known_(known), ca_(ca), time_(time), random_(random), self_(std::move(self)) {}

  // POST /token. `signer` is another key than its own for a token nobody can verify.
  response token(const request&, const rsa_key* signer = nullptr);
  // GET /.well-known/oauth-authorization-server and GET /jwk.
  response metadata() const;
  response key_set() const;

  const kp::sandbox::issuer& self() const { return self_; }
  void rename(std::string issuer) { self_.name = std::move(issuer); }
  void set_lifetime(std::chrono::seconds life) { lifetime_ = life; }
  // Claims of the last grants, granted or not, newest last.
  const std::deque<boost::json::object>& grants() const { return recorded_; }

 private:
  response grant(const jwt& assertion, const rsa_key* signer);
  std::optional<response> refuse_signature(const jwt&, const maskinporten_client&) const;
  std::optional<response> refuse_times(const jwt&);
  std::optional<response> refuse_delegation(const jwt&, const maskinporten_client&,
                                            const std::vector<std::string>& scopes) const;
  // Adds the system user to `claims`.
  std::optional<response> add_authorization(const jwt&, const maskinporten_client&,
                                            boost::json::object& claims) const;

  const directory& known_;
  const certificate_authority& ca_;
  const sandbox_clock& time_;
  random_source& random_;
  kp::sandbox::issuer self_;
  std::chrono::seconds lifetime_{120};
  std::unordered_set<std::string> seen_;
  std::deque<std::string> seen_order_;
  std::deque<boost::json::object> recorded_;
};

// Whose call a grant or a token is: the organisation of its system user, else its consumer, else
// (a grant) the owner of its client. Nothing is verified; "" when it says nothing.
std::string organisation_of(const boost::json::object& claims, const directory&);

}  // namespace kp::sandbox
