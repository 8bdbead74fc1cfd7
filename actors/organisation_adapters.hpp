#pragma once

#include "actors/operator_messages.hpp"
#include "actors/service_pauses.hpp"
#include "actors/service_table.hpp"
#include "actors/supervision.hpp"

namespace kp::actors {

// The adapters of one organisation: one for each service that it uses, working as the organisation
// does and as operators have paused them. An adapter that has been stopped is kept at rest, and
// works again when its service does. A part of the actor `self`.
class organisation_adapters {
 public:
  // `make_args` says what an adapter begins with that is started now; mode and port are filled in.
  organisation_adapters(caf::event_based_actor* self, nursery& children,
                        std::function<service_adapter_args()> make_args);

  // Reads what is paused. Before everything below.
  void open(const organisation_context&);
  // Follows new ports: starts adapters of services that are used from now on, the first questions
  // of those after `first_poll`. Those that run hear of their ports by settings_changed.
  void use(service_ports now, std::chrono::milliseconds first_poll);
  // Those whose service is not used any more end whatever the mode.
  void work_in(working_mode);
  void pause(const pause_changed&);
  void nudge(const outbox_changed&) const;
  // Starts all anew, since they hold the handle of something that was.
  void renew_all();
  // Whether nothing is under way in any; false when one does not say so in time.
  void ask_whether_idle(std::function<void(bool)> then) const;

  const service_ports& ports() const { return ports_; }

 private:
  void start(const service_plug&, std::chrono::milliseconds first_poll);
  working_mode mode_of(service) const;
  void tell(service) const;

  caf::event_based_actor* self_;
  nursery& children_;
  std::function<service_adapter_args()> make_args_;
  service_pauses pauses_;
  service_ports ports_;
  std::map<service, std::size_t> adapters_;   // places in the nursery
  working_mode mode_ = working_mode::normal;  // without pauses
};

}  // namespace kp::actors
