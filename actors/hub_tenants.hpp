#pragma once

#include "actors/hub.hpp"
#include "actors/supervision.hpp"
#include "actors/tenants_messages.hpp"

#include <deque>
#include <map>
#include <set>

namespace kp::actors {

// From a worker: the directory of all organisations as they are now.
struct directory_built {
  directory_changed what;
};

// The organisations of the hub: starts and supervises them, and carries out changes of their files,
// one batch after the other: first what is new gets its seats, then the gateway gets the new
// directory, then what is gone ends. Runs in the hub's actor.
class hub_tenants {
 public:
  // How long an organisation has to open new channels, and, parked, to end what is under way.
  static constexpr std::chrono::seconds apply_deadline{5};
  static constexpr std::chrono::seconds end_deadline{60};

  hub_tenants(caf::event_based_actor* self, const hub_args& args, caf::actor limiter,
              caf::actor gateway);

  void start(const std::vector<std::shared_ptr<const tenants::organisation>>& organisations);
  void change(const tenants_changed& now);
  void ended(const organisation_ended& said);
  void publish(const directory_built& made);
  caf::actor find(organisation_id) const;  // null when nobody works for it now

  void on_down(const caf::down_msg& down) { children_.on_down(down); }
  void restart(const restart_child& which) { children_.restart(which); }
  void stop() { children_.stop(); }

 private:
  enum class phase { running, draining, ending };
  struct tenant {
    std::size_t child = 0;
    std::shared_ptr<organisation_args> args;  // what it is started with, also again
    phase now = phase::running;
  };
  struct job {
    std::vector<tenants::folder_changes::tenant> tenants;
    std::set<organisation_id> others;  // changed without their files
  };

  tenant& add(std::shared_ptr<const tenants::organisation> settings,
              std::chrono::milliseconds first_poll);
  void next_job();
  void apply(const std::shared_ptr<const tenants::organisation>& settings);
  void remove(organisation_id id);
  void applied();
  void build();
  void tell(organisation_id id, bool drain, time_point deadline);
  time_point now() const { return context_->time.now(); }

  caf::event_based_actor* self_;
  std::shared_ptr<hub_context> context_;
  caf::actor writer_, limiter_, gateway_;
  nursery children_;
  std::map<organisation_id, tenant> tenants_;
  std::shared_ptr<const tenants::directory> directory_;
  std::deque<job> jobs_;  // the one that is being done in front
  std::set<organisation_id> changed_;
  std::size_t waiting_ = 0;  // for organisations to apply their settings
  bool busy_ = false;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::directory_built);
