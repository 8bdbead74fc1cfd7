#pragma once

#include "config/hub_settings.hpp"
#include "config/setting.hpp"

namespace kp {

// Part of the declaration of hub.yaml (config/hub_settings.cpp).
void declare_webhooks(declarations<hub_settings>& all);

}  // namespace kp
