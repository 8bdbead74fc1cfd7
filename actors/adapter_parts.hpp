#pragma once

#include "actors/credential_watch.hpp"
#include "actors/outbox_sender.hpp"
#include "actors/service_adapter.hpp"
#include "actors/status_follower.hpp"

namespace kp::actors {

// What adapters do alike: send, follow what was sent, watch credentials, and keep `polling` (which
// asks for what comes in, in its own way) informed. Begins all of it. The adapter adds what its
// polling is answered.
template <class Polling>
caf::message_handler adapter_parts(caf::event_based_actor* self, const service_adapter_args& args,
                                   std::shared_ptr<Polling> polling) {
  const auto via = args.port->which();
  auto following = std::make_shared<status_follower>(
      self,
      status_follower_args{args.context, args.port, args.writer, args.organisation, args.mode});
  auto sending = std::make_shared<outbox_sender>(
      self, outbox_sender_args{args.context, args.port, args.writer, args.organisation, args.mode,
                               [following] { following->look(); }});
  auto credentials = std::make_shared<credential_watch>(
      self, credential_watch_args{args.context, args.port, args.first_poll, args.mode});
  sending->look();
  following->look();
  polling->start();
  credentials->start();
  return {
      [=](const outbox_changed& nudge) {
        if (nudge.via == via) sending->look();
      },
      [=](const settings_changed& now) {
        const auto port = now.port(via);
        sending->use(now.context, port);
        following->use(now.context, port);
        polling->use(now.context, port);
        credentials->use(now.context, port);
      },
      [=](const work_as& told) {
        sending->work_in(told.mode);
        following->work_in(told.mode);
        polling->work_in(told.mode);
        credentials->work_in(told.mode);
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
      [=](const credentials_look& tick) { credentials->on_look(tick); },
      [=](const credentials_checked& answer) { credentials->on_checked(answer); },
  };
}

}  // namespace kp::actors
