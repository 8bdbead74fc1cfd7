#pragma once

#include "tools/crash/model.hpp"
#include "tools/crash/place.hpp"

namespace kp::crash {

// What can be seen from outside after every restart: everything acknowledged is there, nothing
// removed is, no status has been taken back, and nothing that is SENDT was sent again.
void check_letters(place&, model&, findings&, std::atomic<unsigned>& calls);

// Whether every letter that was sent has been received and its sender has been told so.
bool all_settled(place&, model&, findings&, std::atomic<unsigned>& calls);

// At the end, with everything settled: what is left of it, anywhere. Stops the hub.
void check_rest(place&, model&, findings&, std::atomic<unsigned>& calls);

struct totals {
  std::size_t letters = 0, received = 0, removed = 0, transfers = 0, repeated = 0;
};
totals count(place&, model&);

}  // namespace kp::crash
