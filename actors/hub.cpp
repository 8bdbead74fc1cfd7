#include "actors/hub.hpp"

#include "actors/hub_requests.hpp"
#include "actors/hub_services.hpp"
#include "actors/hub_tenants.hpp"
#include "actors/upstream_limiter.hpp"
#include "metrics/hub_meters.hpp"

#include <algorithm>

namespace kp::actors {

caf::behavior hub(caf::event_based_actor* self, hub_args args) {
  const auto& settings = args.context->settings;
  auto& system = self->system();
  upstream_limiter_args limits;
  limits.time = &args.context->time;
  limits.search_per_minute = settings.broker_search_per_minute;
  limits.calls_per_minute = settings.broker_calls_per_minute;
  limits.correspondence_per_minute = settings.correspondence_calls_per_minute;
  const auto limiter = system.spawn(upstream_limiter, limits);
  const auto front = system.spawn(gateway, args.context, args.desk);
  const auto services = system.spawn(hub_services, hub_services_args{args.context, args.writer});
  self->monitor(limiter);
  self->monitor(services);
  self->monitor(front);
  self->monitor(args.writer);

  auto organisations = std::make_shared<hub_tenants>(self, args, limiter, front);
  organisations->start(args.organisations);

  self->set_down_handler(
      [=, essential = std::vector{limiter.address(), front.address(), services.address(),
                                  args.writer.address()}](caf::down_msg& down) {
        if (std::ranges::find(essential, down.source) == essential.end())
          return organisations->on_down(down);
        args.give_up(self->system().render(down.reason));
      });
  self->set_exit_handler([=](caf::exit_msg& stop) {
    organisations->stop();
    for (const auto& part : {limiter, front, services}) {
      self->demonitor(part);
      self->send_exit(part, caf::exit_reason::user_shutdown);
    }
    self->demonitor(args.writer);
    self->quit(std::move(stop.reason));
  });
  return {
      [=](const restart_child& which) { organisations->restart(which); },
      [=](const tenants_changed& now) { organisations->change(now); },
      [=](const organisation_ended& said) { organisations->ended(said); },
      [=](const directory_built& made) { organisations->publish(made); },
      [=](const find_organisation& asked) {
        return organisation_found{organisations->find(asked.organisation)};
      },
  };
}

}  // namespace kp::actors
