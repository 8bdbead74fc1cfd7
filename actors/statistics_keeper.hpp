#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"

namespace kp::actors {

struct statistics_keeper_args {
  std::shared_ptr<hub_context> hub;  // with `tally`
  caf::actor writer;
};

// Adds up in the store what the tally has counted (storage/statistics.hpp), every minute in which
// there was something, and puts alerts beside it (actors/alert_rules.hpp).
//
// Exact, also after a crash: a mark is committed among the events of the feeds; the tally closes
// its stretch where the mark stands, and the stretch is added together with the mark's number. At
// the start, what lies between the last such number and a new mark is counted from the feeds. Only
// what the feeds do not keep any more can be missing: when the hub stood still longer than
// events.keep_hours, the minute before its crash.
caf::behavior statistics_keeper(caf::event_based_actor* self, statistics_keeper_args args);

}  // namespace kp::actors
