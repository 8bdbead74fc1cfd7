#pragma once

#include "tools/crash/place.hpp"

#include <map>
#include <string>

namespace kp::crash {

// How many file transfers with content the Broker has been given of each message; statuses and
// other answers about a message do not count.
std::map<std::string, std::size_t> transfers_by_message(place&, findings&);

}  // namespace kp::crash
