#include "actors/dpi_adapter.hpp"

#include "actors/outbox_sender.hpp"
#include "actors/receipt_poller.hpp"
#include "actors/status_follower.hpp"

namespace kp::actors {

caf::behavior dpi_adapter(caf::event_based_actor* self, service_adapter_args args) {
  const auto port = std::dynamic_pointer_cast<dpi_port>(args.port);
  auto following = std::make_shared<status_follower>(
      self,
      status_follower_args{args.context, args.port, args.writer, args.organisation, args.mode});
  auto sending = std::make_shared<outbox_sender>(
      self, outbox_sender_args{args.context, args.port, args.writer, args.organisation, args.mode,
                               [following] { following->look(); }});
  auto polling = std::make_shared<receipt_poller>(
      self, receipt_poller_args{args.context, port, args.writer, args.first_poll, args.mode});
  sending->look();
  following->look();
  polling->start();
  return {
      [=](const outbox_changed& nudge) {
        if (nudge.via == service::dpi) sending->look();
      },
      [=](const settings_changed& now) {
        const auto next = now.port(service::dpi);
        sending->use(now.context, next);
        following->use(now.context, next);
        polling->use(now.context, std::dynamic_pointer_cast<dpi_port>(next));
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
      [=](const receipts_look& tick) { polling->on_look(tick); },
      [=](const receipts_listed& answer) { polling->on_listed(answer); },
      [=](const receipt_read& answer) { polling->on_read(answer); },
  };
}

}  // namespace kp::actors
