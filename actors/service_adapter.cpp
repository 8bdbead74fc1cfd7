#include "actors/service_adapter.hpp"

#include "actors/adapter_parts.hpp"
#include "actors/inbound_poller.hpp"

namespace kp::actors {

caf::behavior service_adapter(caf::event_based_actor* self, service_adapter_args args) {
  auto polling = std::make_shared<inbound_poller>(
      self, inbound_poller_args{args.context, args.port, args.router, args.writer, args.first_poll,
                                args.mode});
  return adapter_parts(self, args, polling)
      .or_else([=](const inbound_look& tick) { polling->on_look(tick); },
               [=](const inbound_listed& answer) { polling->on_listed(answer); },
               [=](const inbound_fetched& answer) { polling->on_fetched(answer); },
               [=](const inbound_confirmed& answer) { polling->on_confirmed(answer); });
}

}  // namespace kp::actors
