#include "actors/status_follower.hpp"

#include "actors/mail.hpp"
#include "actors/outbox_sender.hpp"
#include "actors/reports.hpp"
#include "actors/retrying_commit.hpp"
#include "actors/vital_signs.hpp"
#include "config/log.hpp"
#include "protocol/http/http_error.hpp"
#include "storage/status_rules.hpp"

#include <algorithm>
#include <array>

namespace kp::actors {

namespace {

using std::chrono::microseconds;
using storage::status_name;

// Whether anything that a service could still say would be registered.
bool may_change(const storage::conversation& c) {
  constexpr std::array sayings{status_name::mottatt, status_name::levert, status_name::lest,
                               status_name::feil, status_name::annet};
  return std::ranges::any_of(sayings,
                             [&](status_name next) { return storage::may_register(c, next); });
}

error not_answered() {
  return transient(http::http_errc::bad_answer, "the service said nothing of this message");
}

}  // namespace

status_follower::status_follower(caf::event_based_actor* self, status_follower_args args)
    : self_(self), args_(std::move(args)), mode_(args_.mode) {}

void status_follower::use(std::shared_ptr<organisation_context> context,
                          std::shared_ptr<service_port> port) {
  args_.context = std::move(context);
  if (port) args_.port = std::move(port);
}

void status_follower::work_in(working_mode mode) {
  mode_ = mode;
  look();
}

void status_follower::on_look(const follow_look& tick) {
  if (tick.epoch == epoch_) look();
}

void status_follower::look() {
  const auto rules = args_.port->rules();
  if (!rules.follows || !asks()) return;  // work_in() begins again
  if (asking_) {
    if (asked_at_ + answer_deadline > now()) return wake_in(longest_sleep);
    asking_ = false;
    ++step_;
  }
  if (rest_until_ && *rest_until_ > now()) return wake_in(*rest_until_ - now());
  rest_until_.reset();
  auto due = tracked().due(cursor_, now(), std::max<std::size_t>(rules.follow_batch, 1));
  if (!due) {
    log(log_level::error,
        "what is to be asked of sent messages cannot be read: " + due.error().message,
        {{"organisation", in().id().to_string()}, {"service", to_string(via())}});
    return wake_in(after_trouble);
  }
  if (!due->empty()) return ask(*std::move(due));
  const auto next = tracked().next_due(cursor_);
  microseconds delay = next ? longest_sleep : after_trouble;
  if (next && *next) delay = std::clamp<microseconds>(**next - now(), microseconds(0), delay);
  wake_in(delay);
}

void status_follower::ask(std::vector<storage::tracked> which) {
  asking_ = true;
  asked_at_ = now();
  asked_.clear();
  for (const auto& each : which) asked_.emplace(each.message, each);
  args_.port->follow(std::move(which), [send = mail_to(self_), step = ++step_](auto said) {
    if (said) return send(follow_answered{step, *std::move(said), {}});
    send(follow_answered{step, {}, said.error()});
  });
  wake_in(longest_sleep);
}

void status_follower::on_answered(const follow_answered& answer) {
  if (!asking_ || answer.step != step_ || noting_ > 0) return;
  if (answer.failure) {
    in().hub->signs->poll_failed(in().id(), via(), now(), answer.failure->message);
    log(log_level::warning, "a service could not be asked how messages fare",
        {{"organisation", in().id().to_string()},
         {"service", to_string(via())},
         {"detail", answer.failure->message}});
    rest(*answer.failure);
    asking_ = false;
    return look();
  }
  in().hub->signs->polled(in().id(), via(), now());
  const auto of = std::exchange(asked_, {});
  noting_ = of.size();
  for (const auto& [message, track] : of) {
    const auto said = std::ranges::find(answer.all, message, &progress::message);
    progress its{message};
    its.failure = not_answered();
    if (said != answer.all.end()) its = *said;
    if (its.failure) {
      say("a message could not be followed, asked again later", message, its.failure->message);
      if (its.failure->code == make_error_code(http::http_errc::rate_limited)) rest(*its.failure);
    }
    note(track, its);
  }
}

// One commit for each message: one that cannot be noted holds up no other.
void status_follower::note(const storage::tracked& track, const progress& said) {
  const auto grew = std::make_shared<bool>(false);
  commit_decision(
      self_, args_.writer, [this, track, said, grew] { return decide(track, said, *grew); },
      [this, track, grew](result<void> done) {
        if (!done) {
          say("how a message fares was not recorded", track.message, done.error().message);
          rest(done.error());
        }
        if (*grew)
          if (const auto organisation = caf::actor_cast<caf::actor>(args_.organisation))
            self_->send(organisation, expiry_changed{});
        noted();
      });
}

result<storage::batch> status_follower::decide(const storage::tracked& track, const progress& said,
                                               bool& expiry_grew) const {
  storage::batch changes;
  expiry_grew = false;
  KP_TRY(const auto known, tracked().find(track.message));
  if (!known) return changes;
  KP_TRY(auto c, in().conversations.find(direction::outgoing, track.message));
  if (!c) {
    tracked().remove(changes, *known);
    return changes;
  }
  if (!said.failure) {
    KP_TRY(expiry_grew, add_report(changes, in(), *c, said.statuses, said.arrivals));
  }
  const bool ended = !said.failure && said.ended;
  if (ended || !may_change(*c) || now() >= known->ends)
    tracked().remove(changes, *known);
  else
    tracked().update(changes, *known, next_time(*known, said));
  return changes;
}

storage::tracked status_follower::next_time(storage::tracked it, const progress& said) const {
  auto pause =
      with_jitter(follow_pause(args_.port->rules().pace, now() - it.sent), in().hub->random);
  ++it.asks;
  if (said.external_id) it.external_id = *said.external_id;
  if (said.memo) it.memo = *said.memo;
  if (said.failure) {
    ++it.failures;
    it.last_error = said.failure->message;
    pause = std::max<microseconds>(pause, with_jitter(retry_delay(it.failures), in().hub->random));
    if (said.failure->retry_after)
      pause = std::max<microseconds>(pause, *said.failure->retry_after);
  } else {
    it.failures = 0;
    it.last_error.clear();
  }
  it.due = now() + pause;
  return it;
}

void status_follower::noted() {
  if (--noting_ > 0) return;
  asking_ = false;
  look();
}

void status_follower::rest(const error& why) {
  const auto asked = why.retry_after.value_or(after_trouble);
  const auto until = now() + std::min<std::chrono::seconds>(asked, longest_rest);
  rest_until_ = std::max(rest_until_.value_or(until), until);
}

// Delayed messages cannot be called back: a newer epoch makes older ones void.
void status_follower::wake_in(microseconds delay) {
  self_->delayed_send(self_, delay, follow_look{++epoch_});
}

void status_follower::say(std::string_view what, const message_id& message,
                          std::string_view detail) const {
  log(log_level::warning, what,
      {{"organisation", in().id().to_string()},
       {"service", to_string(via())},
       {"message_id", message.to_string()},
       {"detail", detail}});
}

}  // namespace kp::actors
