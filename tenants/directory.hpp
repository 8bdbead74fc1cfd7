#pragma once

#include "tenants/organisation.hpp"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace kp::tenants {

// Finds the channel of a request. Immutable; a new one replaces it when tenants change, so any
// thread may use it.
class directory {
 public:
  // Credentials are unique (tenants/loader.hpp sees to it); of two the first is found.
  explicit directory(std::vector<std::shared_ptr<const organisation>> organisations);
  // Takes over what `previous` remembers of credentials that have not changed, so that a change of
  // tenants does not make every client pay for scrypt again.
  directory(std::vector<std::shared_ptr<const organisation>> organisations,
            const directory& previous);

  struct seat {
    std::shared_ptr<const organisation> owner;
    const channel_settings* channel = nullptr;
    const credential* by = nullptr;  // which of the channel's credentials let the request in

    // What of the inbox it is shown; null: everything.
    std::shared_ptr<const inbox_view> view() const {
      if (!by || by->inbox.is_whole()) return nullptr;
      return {owner, &by->inbox};
    }
  };
  // The path prefix narrows: /{organisation}/ or /{organisation}/{channel}/ before api/…
  struct scope {
    std::optional<organisation_id> organisation;
    std::optional<channel_name> channel;
  };
  // Whose credentials these are, within `scope`; nullopt for an unknown user, a wrong password or
  // credentials of another scope: the caller cannot tell which. A password that has been found
  // right is remembered (as a keyed hash) so that scrypt runs once per credential, not once per
  // request; wrong ones always cost scrypt, also for unknown users. Blocks for some 50 ms when
  // scrypt runs: call `known` first on the network thread, then this on workers.
  std::optional<seat> authenticate(std::string_view user, std::string_view password,
                                   const scope&) const;
  // As authenticate, but only from memory: nullopt says nothing.
  std::optional<seat> known(std::string_view user, std::string_view password, const scope&) const;

  // The holder of an API key (tenants/api_key.hpp).
  std::optional<seat> with_api_key(std::string_view key, const scope&) const;
  // The holder of a client certificate whose chain has been verified: SHA-256 in lower-case hex,
  // subject as in RFC 2253.
  std::optional<seat> with_certificate(std::string_view sha256, std::string_view subject,
                                       const scope&) const;
  // What a token says whose signature, issuer, audience and times have been verified.
  struct token_holder {
    std::string issuer;  // its name in hub.yaml
    std::set<std::string> scopes;
    std::string consumer;   // "0192:910077473"; empty: it names none
    std::string client_id;  // empty: it names none
  };
  // Every channel that it is good for, each once. With more than one nobody can say which is
  // meant, unless the path does.
  std::vector<seat> with_token(const token_holder&, const scope&) const;

  const std::vector<std::shared_ptr<const organisation>>& organisations() const {
    return organisations_;
  }
  std::shared_ptr<const organisation> find(organisation_id) const;

 private:
  struct index;
  std::vector<std::shared_ptr<const organisation>> organisations_;
  std::shared_ptr<index> index_;
};

}  // namespace kp::tenants
