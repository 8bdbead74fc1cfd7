#include "actors/dpfio_adapter.hpp"

#include "actors/inbound_poller.hpp"
#include "actors/mail.hpp"
#include "actors/outbox_sender.hpp"

namespace kp::actors {

namespace {

// Its port, and whether it receives by it.
struct reception {
  caf::event_based_actor* self;
  std::shared_ptr<dpfio_port> port;
  std::shared_ptr<inbound_poller> polling;
  working_mode mode;

  bool wanted() const {
    return mode == working_mode::normal || mode == working_mode::receiving_only;
  }
  void begin() const {
    port->when_arrived([send = mail_to(self)] { send(dpfio_arrived{}); });
    if (wanted()) port->receive(true);
  }
  // What is being taken in is taken in to its end: a connection that is closed earlier has
  // delivered it in vain.
  void settle() const {
    if (!wanted() && polling->idle()) port->receive(false);
  }
  // The new one receives before the old one ceases to, so that the connection stays.
  void use(std::shared_ptr<dpfio_port> next) {
    if (!next || next == port) return;
    const auto before = std::move(port);
    port = std::move(next);
    begin();
  }
};

}  // namespace

caf::behavior dpfio_adapter(caf::event_based_actor* self, service_adapter_args args) {
  const auto port = std::dynamic_pointer_cast<dpfio_port>(args.port);
  auto sending = std::make_shared<outbox_sender>(
      self, outbox_sender_args{args.context, args.port, args.writer, args.organisation, args.mode});
  auto polling = std::make_shared<inbound_poller>(
      self, inbound_poller_args{args.context, args.port, args.router, args.writer, args.first_poll,
                                args.mode});
  auto receiving = std::make_shared<reception>(reception{self, port, polling, args.mode});
  receiving->begin();
  sending->look();
  polling->start();
  return {
      [=](const outbox_changed& nudge) {
        if (nudge.via == service::dpfio) sending->look();
      },
      [=](const settings_changed& now) {
        const auto next = now.port(service::dpfio);
        sending->use(now.context, next);
        polling->use(now.context, next);
        receiving->use(std::dynamic_pointer_cast<dpfio_port>(next));
        receiving->settle();
      },
      [=](const work_as& told) {
        receiving->mode = told.mode;
        if (receiving->wanted()) receiving->port->receive(true);
        sending->work_in(told.mode);
        polling->work_in(told.mode);
        receiving->settle();
      },
      [=](const are_you_idle&) { return idle_answer{sending->idle() && polling->idle()}; },
      [=](const dpfio_arrived&) { polling->look(); },
      [=](const outbox_look& tick) { sending->on_look(tick); },
      [=](const claims_look& tick) { sending->on_claims(tick); },
      [=](const item_sent& answer) { sending->on_sent(answer); },
      [=](const inbound_look& tick) { polling->on_look(tick); },
      [=](const inbound_listed& answer) {
        polling->on_listed(answer);
        receiving->settle();
      },
      [=](const inbound_fetched& answer) {
        polling->on_fetched(answer);
        receiving->settle();
      },
      [=](const inbound_confirmed& answer) {
        polling->on_confirmed(answer);
        receiving->settle();
      },
  };
}

}  // namespace kp::actors
