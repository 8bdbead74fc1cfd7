#pragma once

#include "config/hub_settings.hpp"
#include "config/setting.hpp"

namespace kp {

// Part of the declaration of hub.yaml (config/hub_settings.cpp).
void declare_alerts(declarations<hub_settings>& all);
const declarations<alert_webhook>& alert_webhook_settings();
// Rules that concern several of them.
void check_alerts(settings_tree& tree, const hub_settings& settings);

}  // namespace kp
