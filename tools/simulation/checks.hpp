#pragma once

#include "tools/simulation/world.hpp"

namespace kp::simulation {

// The statuses of a letter as its sender was told, in an answer to a question asked then: nothing
// is taken back, and they only go forward.
void check_statuses(stage&, letter&, const std::vector<std::string>& now, time_point asked);

// In the store of an organisation: no fencing number falls.
void check_fences(world&, std::size_t organisation);
// The same: nothing has a mark that is none of its business.
void check_marks(world&, std::size_t organisation);

// Whether all that has been accepted has come to its end; else what has not, for people.
std::vector<std::string> unsettled(world&);
// After all has settled: every letter, every event of a subscription, every record and file.
void check_end(world&);

}  // namespace kp::simulation
