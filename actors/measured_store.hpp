#pragma once

#include "actors/status_tally.hpp"
#include "actors/vital_signs.hpp"
#include "metrics/hub_meters.hpp"
#include "storage/engine.hpp"

#include <memory>

namespace kp::actors {

// The same store, with its commits counted. What happens to messages is counted here too, from the
// records that have become durable: whichever service, adapter or channel it was, each status
// counts once, and never before it would survive a crash. `tally` gets the same statuses, and the
// marks of statistics among them.
std::unique_ptr<storage::engine> measure(std::unique_ptr<storage::engine> store,
                                         std::shared_ptr<metrics::hub_meters> meters,
                                         std::shared_ptr<vital_signs> signs,
                                         std::shared_ptr<status_tally> tally = nullptr);

}  // namespace kp::actors
