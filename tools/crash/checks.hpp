#pragma once

#include "tools/crash/model.hpp"
#include "tools/crash/place.hpp"

#include <functional>

namespace kp::crash {

// What can be seen from outside after every restart: everything acknowledged is there, nothing
// removed is, no status has been taken back, and nothing that is SENDT was sent again. Of which
// letters (by their place in the model) the hub is asked; of what services have been given, of all.
void check_letters(place&, model&, findings&, std::atomic<unsigned>& calls,
                   const std::function<bool(std::size_t)>& looked_at);

// Whether nothing more is to come of it. Under the model's lock.
bool is_over(const letter&);

// Whether every letter that was sent has been received and its sender has been told so.
bool all_settled(place&, model&, findings&, std::atomic<unsigned>& calls);

// At the end, with everything settled: what is left of it, anywhere. Stops the hub.
void check_rest(place&, model&, findings&, std::atomic<unsigned>& calls);

struct totals {
  std::size_t letters = 0, received = 0, removed = 0, transfers = 0, repeated = 0;
};
totals count(place&, model&);

}  // namespace kp::crash
