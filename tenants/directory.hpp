#pragma once

#include "config/random.hpp"
#include "tenants/organisation.hpp"

#include <atomic>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace kp::tenants {

// Finds the channel of a request. Immutable; a new one replaces it when tenants change, so any thread
// may use it.
class directory {
 public:
  explicit directory(std::vector<std::shared_ptr<const organisation>> organisations);

  struct seat {
    std::shared_ptr<const organisation> owner;
    const channel_settings* channel = nullptr;
  };
  // The path prefix narrows: /{organisation}/ or /{organisation}/{channel}/ before api/…
  struct scope {
    std::optional<organisation_id> organisation;
    std::optional<channel_name> channel;
  };
  // Whose credentials these are, within `scope`; nullopt for an unknown user, a wrong password or
  // credentials of another scope: the caller cannot tell which. A password that has been found right
  // is remembered (as a keyed hash) so that scrypt runs once per credential, not once per request;
  // wrong ones always cost scrypt, also for unknown users. Blocks for some 50 ms when scrypt runs:
  // call `known` first on the network thread, then this on workers.
  std::optional<seat> authenticate(std::string_view user, std::string_view password,
                                   const scope&) const;
  // As authenticate, but only from memory: nullopt says nothing.
  std::optional<seat> known(std::string_view user, std::string_view password, const scope&) const;

  const std::vector<std::shared_ptr<const organisation>>& organisations() const { return organisations_; }
  std::shared_ptr<const organisation> find(organisation_id) const;

 private:
  struct index;
  std::vector<std::shared_ptr<const organisation>> organisations_;
  std::shared_ptr<index> index_;
};

// "$scrypt$…" of a password, for YAML files.
std::string hash_password(std::string_view password, random_source& random);
bool verify_password(std::string_view password, std::string_view hash);

}  // namespace kp::tenants
