#pragma once

#include "config/ids.hpp"

#include <algorithm>
#include <array>

namespace kp::tenants {

// The message services that this build connects. An adapter adds its service here and nowhere else;
// enabling another one is an error of configuration.
inline constexpr std::array connected_services{service::dpo, service::dpv, service::dpf,
                                               service::dpe, service::dpi, service::dpfio};

constexpr bool is_connected(service which) {
  return std::ranges::find(connected_services, which) != connected_services.end();
}

// Nothing but statuses and receipts comes back by these: nobody receives them.
constexpr bool only_sends(service which) {
  return which == service::dpv || which == service::dpi;
}

}  // namespace kp::tenants
