#pragma once

#include "actors/messages.hpp"
#include "config/ids.hpp"

#include <functional>

namespace kp::actors {

// How often a change is decided anew because somebody else changed the same records first.
inline constexpr std::size_t max_decisions = 8;

// Commits what `decide` makes of the store as it is now. When a precondition fails, `decide` is
// asked again, at most `max_decisions` times. An empty batch is not committed and counts as
// success. `done` runs in `self`. Its errors: those of `decide`; storage_errc.
void commit_decision(caf::event_based_actor* self, const caf::actor& writer,
                     std::function<result<storage::batch>()> decide,
                     std::function<void(result<void>)> done);

}  // namespace kp::actors
