#include "actors/hub_services.hpp"

#include "actors/alert_sender.hpp"
#include "actors/statistics_keeper.hpp"
#include "actors/status_reporter.hpp"
#include "actors/supervision.hpp"
#include "metrics/hub_meters.hpp"

namespace kp::actors {

caf::behavior hub_services(caf::event_based_actor* self, hub_services_args args) {
  auto children = std::make_shared<nursery>(
      self, "the hub", [meters = args.hub->meters] { meters->actor_restarts.add(); });
  auto& system = self->system();
  if (args.hub->reports)
    children->add("status reporter", [&system, args] {
      report_limits limits;
      limits.give_up_after = args.hub->settings.status_service.give_up_after;
      return system.spawn(status_reporter, status_reporter_args{args.hub, args.writer, limits});
    });
  if (args.hub->tally)
    children->add("statistics keeper", [&system, args] {
      return system.spawn(statistics_keeper, statistics_keeper_args{args.hub, args.writer});
    });
  if (args.hub->alerts && args.hub->settings.alerts.tells_anybody())
    children->add("alert sender", [&system, args] {
      return system.spawn(alert_sender, alert_sender_args{args.hub, args.writer});
    });
  self->set_down_handler([=](caf::down_msg& down) { children->on_down(down); });
  self->set_exit_handler([=](caf::exit_msg& stop) {
    children->stop();
    self->quit(std::move(stop.reason));
  });
  return {[=](const restart_child& which) { children->restart(which); }};
}

}  // namespace kp::actors
