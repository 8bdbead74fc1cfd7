#pragma once

#include "config/ids.hpp"

#include <algorithm>
#include <array>

namespace kp::tenants {

// The message services that this build connects. An adapter adds its service here and nowhere else;
// enabling another one is an error of configuration.
inline constexpr std::array connected_services{service::dpo, service::dpv, service::dpf,
                                               service::dpe, service::dpi, service::dpfio,
                                               service::dph};

constexpr bool is_connected(service which) {
  return std::ranges::find(connected_services, which) != connected_services.end();
}

// Nothing but statuses and receipts comes back by these: nobody receives them.
constexpr bool only_sends(service which) {
  return which == service::dpv || which == service::dpi;
}

// Arrivals find their channel by an address that is its alone: there is no inbound seat to hold.
constexpr bool found_by_address(service which) {
  return which == service::dph;
}

// What a seat decides: which channel receives what may be meant for any.
constexpr bool has_seat(service which) {
  return is_connected(which) && !only_sends(which) && !found_by_address(which);
}

}  // namespace kp::tenants
