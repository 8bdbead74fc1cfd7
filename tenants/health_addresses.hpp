#pragma once

#include "tenants/organisation.hpp"

#include <cstdint>
#include <vector>

namespace kp::tenants {

struct own_her_id {
  std::int64_t number = 0;
  bool receives = false;  // messages; receipts of what is sent come in any case
};

// The HER-ids that this hub speaks for (dph.md 14 C3 to C5): those of channels that use DPH here.
std::vector<own_her_id> own_her_ids(const organisation&);

}  // namespace kp::tenants
