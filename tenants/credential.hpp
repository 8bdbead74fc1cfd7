#pragma once

#include "config/ids.hpp"
#include "config/problem.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kp::tenants {

// What a credential is shown of its channel's inbox.
struct inbox_view {
  std::set<service> services = {};       // empty: every service
  std::set<std::string> processes = {};  // empty: every process

  bool operator==(const inbox_view&) const = default;
  bool is_whole() const { return services.empty() && processes.empty(); }
  bool shows(service via, std::string_view process) const {
    return (services.empty() || services.contains(via)) &&
           (processes.empty() || processes.contains(std::string(process)));
  }
};

enum class credential_kind { none, password, api_key, token, certificate };

// Who may use a channel's REST API. After loading, the members of exactly one kind are filled.
struct credential {
  // HTTP Basic. The hash is "$scrypt$ln=14,r=8,p=1$<salt base64>$<hash base64>".
  std::string user{};
  std::string password_hash{};
  source_position where{};  // in the organisation's file

  // A bearer API key (tenants/api_key.hpp).
  std::string api_key{};       // its public part, "kp_0123456789ab"
  std::string api_key_hash{};  // SHA-256 of the whole, lower-case hex

  // A signed token (JWT) of an issuer that hub.yaml trusts by this name.
  std::string issuer{};
  std::string scope{};      // that the token must have
  std::string consumer{};   // organisation with prefix, "0192:910077473"; empty: any
  std::string client_id{};  // empty: any

  // A client certificate, by one of both.
  std::string certificate_sha256{};   // of its DER, lower-case hex
  std::string certificate_subject{};  // RFC 2253

  inbox_view inbox{};

  credential_kind kind() const;  // by the first member of a kind that is filled
};

// Wherever in the file they stand.
bool same(const credential&, const credential&);

// What must be unique in the hub, because a request without organisation in its path is told by it
// alone.
struct credential_identity {
  std::string key;     // equal for the same identity
  std::string called;  // in error texts: the user "sak"
  std::string remedy;
};
credential_identity identity_of(const credential&);

// What is wrong with a credential by itself: no kind, two kinds, members that are missing or have
// no such form.
std::vector<problem> check_credential(const credential&);

// Lower-case hex of a SHA-256 as people copy it: with or without colons or spaces, either case.
// Empty when it is none.
std::string normal_fingerprint(std::string_view text);

}  // namespace kp::tenants
