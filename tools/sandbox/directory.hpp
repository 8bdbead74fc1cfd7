#pragma once

#include "tools/sandbox/ca.hpp"
#include "tools/sandbox/jwt.hpp"

#include "config/random.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

// Who the sandbox knows: organisations, their Maskinporten clients and their Altinn system users.

namespace kp::sandbox {

inline constexpr std::size_t max_organisations = 20'000;

struct registered_key {
  rsa_key key;
  std::optional<time_point> expires;
};

struct maskinporten_client {
  std::string id;
  std::string owner;  // nine digits
  std::set<std::string> scopes;
  std::map<std::string, registered_key> keys;               // by kid
  std::set<std::pair<std::string, std::string>> delegated;  // (consumer, scope)
};

struct system_user {
  std::string client_id;
  std::string organisation;  // nine digits
  std::string name;          // externalRef
  std::string id;            // UUID
  std::string system_id;
  bool approved = true;
};

struct organisation {
  std::string number;
  std::string name;
  std::string form;                 // KOMM, ORGL, AS, ...
  boost::json::object address;      // adresse, postnummer, poststed, land; empty: none is known
  std::set<std::string> services;   // DPO, ...
  std::set<std::string> processes;  // registered for DPO
  std::optional<kp::sandbox::certificate> certificate;  // published in Virksert
};

class directory {
 public:
  // Registers everywhere at once, or replaces what was registered under the same number; the answer
  // of POST /control/organisations (README). `body` holds number and name, and optionally seid (1
  // or 2), services, processes, scopes, clientId, systemUserName, form, certificate (PEM: published
  // instead of a new one), keys (JWK, optional expires in epoch seconds), validForDays (may be
  // negative: an expired certificate). Errors: sandbox_errc::invalid_request, crypto.
  result<boost::json::object> register_organisation(const boost::json::object& body,
                                                    const certificate_authority&, time_point now,
                                                    random_source&);
  // {client, organisation, name, approved}: a system user of `organisation` for a client of
  // another, as a supplier has; replaces one of the same three. Errors: invalid_request, not_found.
  result<boost::json::object> register_system_user(const boost::json::object& body, random_source&);
  // {client, consumer, scopes}: consumer_org is accepted. Errors: invalid_request, not_found.
  result<void> register_delegation(const boost::json::object& body);

  const organisation* find(std::string_view number) const;
  const maskinporten_client* find_client(std::string_view id) const;
  // The approved system user of a client, by organisation and, unless empty, name.
  const system_user* find_system_user(std::string_view client, std::string_view organisation,
                                      std::string_view name) const;
  bool pinned(const certificate&) const;  // registered as it is, though not issued by the test CA

  const std::map<std::string, organisation, std::less<>>& organisations() const {
    return organisations_;
  }

  // What can be handed to load() after a restart.
  boost::json::object save() const;
  result<void> load(const boost::json::object&);

 private:
  std::map<std::string, organisation, std::less<>> organisations_;
  std::map<std::string, maskinporten_client, std::less<>> clients_;
  std::vector<system_user> system_users_;
};

// All processes an organisation may be registered for with DPO (service-registry.md 5.1).
const std::vector<std::string>& arkivmelding_processes();  // with the response process
const std::vector<std::string>& avtalt_processes();
// The document types of a process; empty for one that is not known.
std::vector<std::string> document_types_of(std::string_view process);

}  // namespace kp::sandbox
