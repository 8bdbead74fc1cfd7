#pragma once

#include "config/hub_settings.hpp"
#include "config/setting.hpp"

namespace kp {

// Part of the declaration of hub.yaml (config/hub_settings.cpp).
void declare_status_service(declarations<hub_settings>& all);
void check_status_service(settings_tree& tree, const hub_settings& settings);

}  // namespace kp
