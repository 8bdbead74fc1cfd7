#pragma once

#include <cstdint>
#include <string>

namespace kp::load {

struct fill_options {
  std::string storage;       // the storage folder of a hub that does not run, but has
  std::string organisation;  // nine digits
  std::string channel;
  std::uint64_t statuses = 10'000'000;
};

// Puts that many statuses into the store, four to a message that has come to its end, as the hub
// would have. Returns the exit code.
int fill_statuses(const fill_options&);

}  // namespace kp::load
