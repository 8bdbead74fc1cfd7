#pragma once

#include "config/ids.hpp"

#include <string>
#include <vector>

namespace kp::crash {

// What must be so of the messages of one service.
struct service_rules {
  std::vector<std::string> order;  // of the statuses of what is sent; not every one has to come
  std::string last;                // the one that ends it
  bool arrives = false;            // at another organisation of this hub, else at a counterpart
  bool receipted = false;          // its sender gets a receipt that no client writes
  bool asks_first = false;  // the hub finds out whether the service has it: it is sent once only
};

const service_rules& rules_of(service);

}  // namespace kp::crash
