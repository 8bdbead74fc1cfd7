#pragma once

#include "storage/repositories.hpp"

namespace kp::storage {

// Adds what stores from before the indexes of conversations and statuses lack, a part at a time, at
// most some `limit` rows. True when nothing is missing, with nothing in `b`; else commit `b` and
// call again. Nobody else may write conversations or statuses of the channel meanwhile.
result<bool> complete_indexes(batch& b, const engine&, organisation_id, channel_number,
                              std::size_t limit);

}  // namespace kp::storage
