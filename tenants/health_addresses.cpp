#include "tenants/health_addresses.hpp"

namespace kp::tenants {

std::vector<own_her_id> own_her_ids(const organisation& owner) {
  std::vector<own_her_id> all;
  for (const auto& channel : owner.channels) {
    const bool receives = channel.receives.contains(service::dph);
    if (channel.external || (!receives && !channel.sends.contains(service::dph))) continue;
    for (const auto number : channel.addresses.her_ids) all.push_back({number, receives});
  }
  return all;
}

}  // namespace kp::tenants
