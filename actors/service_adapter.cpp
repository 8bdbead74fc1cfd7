#include "actors/service_adapter.hpp"

#include "actors/inbound_poller.hpp"
#include "actors/outbox_sender.hpp"
#include "actors/status_follower.hpp"

namespace kp::actors {

caf::behavior service_adapter(caf::event_based_actor* self, service_adapter_args args) {
  const auto via = args.port->which();
  auto following = std::make_shared<status_follower>(
      self,
      status_follower_args{args.context, args.port, args.writer, args.organisation, args.mode});
  auto sending = std::make_shared<outbox_sender>(
      self, outbox_sender_args{args.context, args.port, args.writer, args.organisation, args.mode,
                               [following] { following->look(); }});
  auto polling = std::make_shared<inbound_poller>(
      self, inbound_poller_args{args.context, args.port, args.router, args.writer, args.first_poll,
                                args.mode});
  sending->look();
  following->look();
  polling->start();
  return {
      [=](const outbox_changed& nudge) {
        if (nudge.via == via) sending->look();
      },
      [=](const settings_changed& now) {
        const auto port = now.port(via);
        sending->use(now.context, port);
        following->use(now.context, port);
        polling->use(now.context, port);
      },
      [=](const work_as& told) {
        sending->work_in(told.mode);
        following->work_in(told.mode);
        polling->work_in(told.mode);
      },
      [=](const are_you_idle&) {
        return idle_answer{sending->idle() && following->idle() && polling->idle()};
      },
      [=](const outbox_look& tick) { sending->on_look(tick); },
      [=](const claims_look& tick) { sending->on_claims(tick); },
      [=](const item_sent& answer) {
        if (!answer.failure) polling->expect();
        sending->on_sent(answer);
      },
      [=](const follow_look& tick) { following->on_look(tick); },
      [=](const follow_answered& answer) { following->on_answered(answer); },
      [=](const inbound_look& tick) { polling->on_look(tick); },
      [=](const inbound_listed& answer) { polling->on_listed(answer); },
      [=](const inbound_fetched& answer) { polling->on_fetched(answer); },
      [=](const inbound_confirmed& answer) { polling->on_confirmed(answer); },
  };
}

}  // namespace kp::actors
