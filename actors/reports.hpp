#pragma once

#include "actors/service_port.hpp"

#include <span>

namespace kp::actors {

// Adds what a service reports of a message that a channel has sent: the statuses that may still be
// registered on its conversation `c`, and each generated arrival whose status is among them, for
// the inbox of that channel. With `reference` the conversation has it as what the service calls the
// message. `c` becomes as it is afterwards. True when a conversation with an
// expiry was added. Errors: of the store.
result<bool> add_report(storage::batch&, const organisation_context&, storage::conversation& c,
                        const std::vector<storage::status_change>& statuses,
                        std::span<const generated_arrival> arrivals,
                        const std::optional<std::string>& reference = {});

// The pause of about `delay`, so that what began together does not go on together.
std::chrono::microseconds with_jitter(std::chrono::microseconds delay, random_source&);

}  // namespace kp::actors
