#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "actors/webhook_transport.hpp"
#include "protocol/mail/mail.hpp"

#include <functional>

namespace kp::actors {

// How letters to operators leave the hub.
struct alert_means {
  std::shared_ptr<webhook_transport> transport;
  // Calls `then` once, on any thread, within the deadline of the mail server.
  std::function<void(mail::letter, std::function<void(result<void>)> then)> mail;
};

// Mails through the server of the settings, on a worker.
std::function<void(mail::letter, std::function<void(result<void>)>)> make_mailer(
    http::asio::thread_pool& workers, const alert_mail& settings, std::string ca_file);

struct alert_sender_args {
  std::shared_ptr<hub_context> hub;  // with `alerts`
  caf::actor writer;
};

// Tells operators what is in the store of alerts (storage/alerts.hpp), each place by itself:
// several alerts in one letter, and no more letters than alerts.every_minutes allows. A place that
// does not take a letter gets it again after a pause that grows from one minute to one hour; after
// alerts.give_up_after_hours an alert is dropped. What a place has got is noted in the store, so a
// crash tells an alert twice at most.
caf::behavior alert_sender(caf::event_based_actor* self, alert_sender_args args);

}  // namespace kp::actors
