#pragma once

#include "tenants/organisation.hpp"

#include <set>
#include <string>
#include <vector>

namespace kp::tenants {

// What must be done to a running organisation so that it is as its file now says; whatever is not
// named here runs on untouched.
struct organisation_changes {
  std::vector<channel_name> added;    // to be opened
  std::vector<channel_name> removed;  // to be closed, when what is under way with them has ended
  std::vector<channel_name> changed;  // their rules, references or times
  bool lookup = false;                // names, credentials: the gateway's directory alone
  bool clients = false;   // key stores, client ids, system users: clients of national services
  bool dpo = false;       // how DPO is used otherwise
  bool services = false;  // which other services are used, or how
  bool dpo_starts = false, dpo_stops = false;

  bool empty() const {
    return added.empty() && removed.empty() && changed.empty() && !lookup && !clients && !dpo &&
           !services && !dpo_starts && !dpo_stops;
  }
};

// The accounts of KS FIKS IO whose queues this hub reads: those of its channels that receive DPFIO.
std::set<std::string> receiving_accounts(const organisation&);

// Both are of the same organisation number. Where in the file something stands is no difference.
organisation_changes diff(const organisation& before, const organisation& after);

}  // namespace kp::tenants
