#pragma once

#include "config/hub_settings.hpp"
#include "config/setting.hpp"

// The declared settings of the admin listener. Inside the room only.

namespace kp {

void declare_admin(declarations<hub_settings>& all);
const declarations<admin_credential>& admin_credential_settings();
// Rules that concern several of them.
void check_admin(settings_tree& tree, const admin_settings& settings);

}  // namespace kp
