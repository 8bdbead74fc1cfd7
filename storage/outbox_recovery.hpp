#pragma once

#include "storage/engine.hpp"

#include "config/ids.hpp"

namespace kp::storage {

// Adds giving back every outbox claim whose owner does not begin with `run`: at the start of a run
// no other process can hold the store, so whoever owned such a claim is gone, and what it was
// working on is due at once instead of when the claim expires. Fences stay. Returns how many.
result<std::size_t> release_claims_of_earlier_runs(batch& b, const engine& store,
                                                   organisation_id organisation, service via,
                                                   std::string_view run);

}  // namespace kp::storage
