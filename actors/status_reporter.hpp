#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/report_schedule.hpp"

namespace kp::actors {

struct status_reporter_args {
  std::shared_ptr<hub_context> hub;  // with `reports`
  caf::actor writer;
  report_limits limits{};
};

// Empties the queues of status reports of all organisations (storage/status_reports.hpp): one actor
// of the hub, since the service and its troubles are the same for all. Looks for work every second,
// and whenever a report has come to its end; all it knows is in the store.
caf::behavior status_reporter(caf::event_based_actor* self, status_reporter_args args);

}  // namespace kp::actors
