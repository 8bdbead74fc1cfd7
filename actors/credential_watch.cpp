#include "actors/credential_watch.hpp"

#include "actors/mail.hpp"
#include "actors/reports.hpp"
#include "actors/vital_signs.hpp"
#include "config/log.hpp"
#include "protocol/http/http_error.hpp"

#include <algorithm>

namespace kp::actors {

bool is_about_credentials(const error& why) {
  return why.code == http::http_errc::unauthorized || why.code == http::http_errc::refused ||
         why.code.category() != http::http_errc_category();
}

credential_watch::credential_watch(caf::event_based_actor* self, credential_watch_args args)
    : self_(self), args_(std::move(args)), via_(args_.port->which()) {}

void credential_watch::start() {
  look_in(args_.first_check);
}

void credential_watch::use(std::shared_ptr<organisation_context> context,
                           const std::shared_ptr<service_port>& port) {
  args_.context = std::move(context);
  if (port == args_.port) return;
  // What was found of others says nothing of these; and of none when the service is used no more.
  in().hub->signs->forget_credentials(in().id(), via_);
  args_.port = port;
  look_in(std::chrono::microseconds(0));
}

void credential_watch::work_in(working_mode mode) {
  const bool worked = args_.mode != working_mode::ending;
  args_.mode = mode;
  if (!worked && mode != working_mode::ending) look_in(std::chrono::microseconds(0));
}

void credential_watch::on_look(const credentials_look& tick) {
  const auto checker = std::dynamic_pointer_cast<credential_checker>(args_.port);
  if (tick.epoch != epoch_ || !checker || args_.mode == working_mode::ending) return;
  checker->check_credentials([send = mail_to(self_), epoch = epoch_](auto found) {
    if (found) return send(credentials_checked{epoch, *std::move(found), {}});
    send(credentials_checked{epoch, {}, found.error()});
  });
}

void credential_watch::on_checked(const credentials_checked& answer) {
  if (answer.epoch != epoch_) return;
  auto& signs = *in().hub->signs;
  const auto now = in().hub->time.now();
  std::chrono::microseconds pause = answer.failure ? after_trouble : between_checks;
  for (const auto& [name, failure] : answer.all) {
    if (!failure) {
      signs.credential_works(in().id(), via_, name, now);
      continue;
    }
    if (!is_about_credentials(*failure)) {
      pause = std::min<std::chrono::microseconds>(pause, after_trouble);
      continue;
    }
    pause = std::min<std::chrono::microseconds>(pause, after_refusal);
    signs.credential_fails(in().id(), via_, name, now, failure->message);
    log(log_level::error, "credentials are refused; nothing can be sent with them",
        {{"organisation", in().id().to_string()},
         {"service", to_string(via_)},
         {"credentials", name},
         {"detail", failure->message}});
  }
  if (!answer.all.empty() || answer.failure) look_in(with_jitter(pause, in().hub->random));
}

// Delayed messages cannot be called back: a newer epoch makes older ones void.
void credential_watch::look_in(std::chrono::microseconds delay) {
  if (delay.count() <= 0) return self_->send(self_, credentials_look{++epoch_});
  self_->delayed_send(self_, delay, credentials_look{++epoch_});
}

}  // namespace kp::actors
