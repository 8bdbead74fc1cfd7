#pragma once

#include "actors/caf.hpp"
#include "tenants/directory.hpp"
#include "tenants/live_folder.hpp"

#include <map>
#include <memory>
#include <set>
#include <vector>

// What actors say to each other when organisations are added, changed and removed while the hub
// runs. `-> x` is the answer.

namespace kp::actors {

struct organisation_context;
class upstream;
class service_port;

// ---- from who watches the folder, to the hub
// -----------------------------------------------------
struct tenants_changed {
  std::vector<tenants::folder_changes::tenant> tenants;  // one per organisation
};

// ---- hub to organisation
// -------------------------------------------------------------------------
// -> settings_applied, when its new seats have been announced to the gateway. Also calls back an
// organisation that was told to end.
struct apply_settings {
  std::shared_ptr<const tenants::organisation> settings;
};
struct settings_applied {};
// Finishes what is under way, then says organisation_ended to the hub. When it drains, it also
// sends what is in its outboxes first, until `deadline` at most; its seats stay open meanwhile.
struct end_organisation {
  bool drain = false;
  time_point deadline{};
};
struct organisation_ended {
  organisation_id organisation;
  bool drained = false;  // the answer to `drain`; it works on until told to end
  bool in_time = true;   // false: something was cut off at the deadline
};

// ---- organisation to its children
// ---------------------------------------------------------------- Whatever begins from now on
// follows these; what is under way ends as it began.
struct settings_changed {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<upstream> clients;
  std::map<service, std::shared_ptr<service_port>> ports = {};  // of the services that are used

  // Nullptr when the service is not used.
  std::shared_ptr<service_port> port(service via) const {
    const auto found = ports.find(via);
    return found == ports.end() ? nullptr : found->second;
  }
};
enum class working_mode {
  normal,
  sending_only,  // takes nothing new in
  receiving_only,
  ending,  // begins nothing
};
struct work_as {  // to adapters
  working_mode mode = working_mode::normal;
};
struct are_you_idle {};  // -> idle_answer
struct idle_answer {
  bool idle = true;
};

// ---- with the gateway
// ---------------------------------------------------------------------------- Whom it knows from
// now on. Seats of `changed` organisations that are not in the directory any more are closed: their
// organisation hears seat_left when the last request with one has ended.
struct directory_changed {
  std::shared_ptr<const tenants::directory> directory;
  std::vector<organisation_id> changed;
  std::set<organisation_id> draining;  // they take no new messages
};
struct seat_left {
  channel_name channel;
  caf::actor seat;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::tenants_changed);
KP_MESSAGE(kp::actors::apply_settings);
KP_MESSAGE(kp::actors::settings_applied);
KP_MESSAGE(kp::actors::end_organisation);
KP_MESSAGE(kp::actors::organisation_ended);
KP_MESSAGE(kp::actors::settings_changed);
KP_MESSAGE(kp::actors::work_as);
KP_MESSAGE(kp::actors::are_you_idle);
KP_MESSAGE(kp::actors::idle_answer);
KP_MESSAGE(kp::actors::directory_changed);
KP_MESSAGE(kp::actors::seat_left);
