#include "actors/service_pauses.hpp"

#include "actors/vital_signs.hpp"
#include "config/log.hpp"
#include "tenants/connected_services.hpp"

namespace kp::actors {

void service_pauses::open(const organisation_context& in) {
  hub_ = in.hub;
  id_ = in.id();
  const storage::service_pauses stored(hub_->store, id_);
  for (const auto via : tenants::connected_services) {
    const auto found = stored.find(via);
    if (!found)
      log(log_level::error, "whether a service is paused cannot be read: " + found.error().message,
          {{"organisation", id_.to_string()}, {"service", to_string(via)}});
    // What cannot be read may have been halted for a reason: nothing is sent or fetched meanwhile.
    if (!found)
      set(via, {true, true, hub_->time.now(), "the hub", found.error().message});
    else if (*found)
      set(via, **found);
  }
}

void service_pauses::set(service via, const storage::service_pause& now) {
  all_[via] = now;
  hub_->signs->paused(id_, via, {now.sending, now.receiving, now.at, now.by, now.reason});
}

working_mode service_pauses::within(service via, working_mode mode) const {
  const auto found = all_.find(via);
  if (found == all_.end()) return mode;
  const bool sends = !found->second.sending &&
                     (mode == working_mode::normal || mode == working_mode::sending_only);
  const bool receives = !found->second.receiving &&
                        (mode == working_mode::normal || mode == working_mode::receiving_only);
  if (sends) return receives ? working_mode::normal : working_mode::sending_only;
  return receives ? working_mode::receiving_only : working_mode::ending;
}

}  // namespace kp::actors
