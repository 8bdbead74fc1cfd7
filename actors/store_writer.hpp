#pragma once

#include "actors/bells.hpp"
#include "actors/messages.hpp"

namespace kp::actors {

// The one writer of the store: drains its mailbox into one group, commits it with one sync, answers
// everybody, and rings the bells of the feeds that were appended to. Understands `commit`. At most
// 1024 batches or 4 MiB go into one group. Spawn it detached (the sync blocks); under the
// deterministic scheduler a plain spawn does.
caf::behavior store_writer(caf::event_based_actor* self, storage::engine* store,
                           std::shared_ptr<bells> feed_bells);

}  // namespace kp::actors
