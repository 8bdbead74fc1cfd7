#pragma once

#include "config/hub_settings.hpp"
#include "config/secret.hpp"
#include "tenants/organisation.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace kp::probes {

// What a probe has found out about one thing that an organisation needs.
struct finding {
  enum class state { good, missing, not_asked };
  std::string part;  // "Maskinporten", ...
  state now = state::good;
  std::string text;
  std::string remedy;  // what to do, when something is missing
};

struct report {
  std::string number, name;
  std::vector<finding> findings;
  bool ready() const;  // nothing is missing
};

// Asks the national services themselves, as the hub would: opens the key stores, fetches tokens
// from Maskinporten, looks the organisation up in the Service Registry, and tries what it needs of
// each message service that its file enables. Changes nothing anywhere. Blocks; every wait has a
// deadline. What cannot be asked because something before it is missing is said to be not asked.
report ask(const hub_settings& hub, const tenants::organisation& who, const environment&);

// {"organisation", "name", "ready", "findings": [{"part", "state", "text", "remedy"}]}
boost::json::value to_json(const report&);

}  // namespace kp::probes
