#pragma once

#include "tools/crash/place.hpp"

namespace kp::crash {

// With every letter over: stops the hub, starts it once more so that it collects what a crash left
// behind, and looks into its store. Nothing that belongs to a letter under way may be left, and the
// files beside the engine are those that records speak of.
void check_store(place&, findings&);

}  // namespace kp::crash
