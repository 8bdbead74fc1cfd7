#pragma once

#include "config/setting.hpp"

#include <string>

// How settings of an organisation's file usually are. Inside the room only.

namespace kp::tenants {

// Files of organisations are watched: no change needs a restart.
inline const setting_traits usual{.restart = false};
inline const setting_traits needed{.required = true, .restart = false};
// The words say what holds when it is not written.
inline setting_traits otherwise(std::string fallback) {
  return {.restart = false, .fallback = std::move(fallback)};
}

}  // namespace kp::tenants
