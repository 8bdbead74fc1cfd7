#pragma once

#include "actors/caf.hpp"
#include "config/ids.hpp"

// What the administration asks of the hub's actor.

namespace kp::actors {

// Who works for an organisation now.
struct find_organisation {  // -> organisation_found
  organisation_id organisation;
};
struct organisation_found {
  caf::actor actor;  // null: none, or it is being started again
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::find_organisation);
KP_MESSAGE(kp::actors::organisation_found);
