#pragma once

#include "config/problem.hpp"
#include "tenants/organisation.hpp"

#include <vector>

namespace kp::tenants {

// What `previous_names` and `previous_message_channels` may not say, because then two channels
// would own the same unfinished messages or answers:
//   previous-unique:  two channels (or one twice) claim the same previous name or reference
//   previous-gone:    a previous name or reference is that of a channel that there still is
std::vector<problem> check_previous_names(const organisation&);

}  // namespace kp::tenants
