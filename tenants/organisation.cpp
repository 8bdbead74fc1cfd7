#include "tenants/organisation.hpp"

#include <algorithm>

namespace kp::tenants {

const channel_settings* organisation::find(const channel_name& wanted) const {
  const auto found = std::ranges::find(channels, wanted, &channel_settings::name);
  return found == channels.end() ? nullptr : &*found;
}

const channel_settings* organisation::receiver(service of) const {
  const auto found = std::ranges::find_if(
      channels, [of](const channel_settings& channel) { return channel.receives.contains(of); });
  return found == channels.end() ? nullptr : &*found;
}

}  // namespace kp::tenants
