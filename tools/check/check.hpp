#pragma once

#include "config/clock.hpp"
#include "config/problem.hpp"
#include "config/secret.hpp"

#include <string>
#include <vector>

namespace kp {

struct check_report {
  std::vector<problem> problems;
  std::vector<problem> warnings;  // right today, but not for long
  std::size_t organisations = 0;  // those without problems in their files
  std::size_t channels = 0;       // of these
};

// Reads hub.yaml and the file of every organisation, and opens every key store: it must open, name
// the organisation, and be valid now (certificates.md 1.4, 2). Calls nobody. Key stores of a file
// that has problems are not looked at.
check_report check_configuration(const std::string& hub_file, const environment&, const clock&);

// What `knutepunkt check` prints: a line for each problem and warning, and how many of what.
std::string to_string(const check_report&);

}  // namespace kp
