#include "actors/dpo_adapter.hpp"

#include "actors/dpo_poller.hpp"
#include "actors/outbox_sender.hpp"

namespace kp::actors {

caf::behavior dpo_adapter(caf::event_based_actor* self, service_adapter_args args) {
  auto sending = std::make_shared<outbox_sender>(
      self, outbox_sender_args{args.context, args.port, args.writer, args.organisation, args.mode});
  auto polling = std::make_shared<dpo_poller>(
      self, dpo_poller_args{args.context, std::dynamic_pointer_cast<dpo_transport>(args.port),
                            args.router, args.writer, args.first_poll, args.mode});
  sending->look();
  polling->start();
  return {
      [=](const outbox_changed& nudge) {
        if (nudge.via == service::dpo) sending->look();
      },
      [=](const settings_changed& now) {
        const auto port = now.port(service::dpo);
        sending->use(now.context, port);
        polling->use(now.context, std::dynamic_pointer_cast<dpo_transport>(port));
      },
      [=](const work_as& told) {
        sending->work_in(told.mode);
        polling->work_in(told.mode);
      },
      [=](const are_you_idle&) { return idle_answer{sending->idle() && polling->idle()}; },
      [=](const outbox_look& tick) { sending->on_look(tick); },
      [=](const claims_look& tick) { sending->on_claims(tick); },
      [=](const item_sent& answer) {
        if (!answer.failure) polling->expect();
        sending->on_sent(answer);
      },
      [=](const poll_now& tick) { polling->on_poll(tick); },
      [=](const dpo_found& answer) { polling->on_found(answer); },
      [=](const dpo_seen& answer) { polling->on_seen(answer); },
      [=](const dpo_fetched& answer) { polling->on_fetched(answer); },
      [=](const dpo_confirmed& answer) { polling->on_confirmed(answer); },
  };
}

}  // namespace kp::actors
