#pragma once

#include "config/problem.hpp"
#include "tenants/organisation.hpp"

#include <vector>

namespace kp::tenants {

// The channel rules that configuration can break, for the services that are connected (dpo.md 6,
// 9). Each problem names file, line, the channel, the rule, and what to do.
//   receives-once:      two channels receive the same service
//   service-off:        a channel sends or receives a service that the organisation has not enabled
//   reference-needed:   several channels send DPO and one that does not receive it has no
//   message_channel reference-unique:   two channels with the same message_channel reference-form:
//   message_channel does not match ^[a-zA-Z0-9-_]{1,25}$ (C21)
std::vector<problem> check_channel_rules(const organisation&);

}  // namespace kp::tenants
