#include "actors/inbound_poller.hpp"

#include "actors/mail.hpp"
#include "actors/reports.hpp"
#include "actors/retrying_commit.hpp"
#include "actors/vital_signs.hpp"
#include "config/crash_point.hpp"
#include "protocol/http/http_error.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

using std::chrono::microseconds;
using storage::transfer_state;

error stopped() {
  return transient(storage::storage_errc::io, "the channel router stopped");
}

bool is_rate_limit(const error& why) {
  return why.code == make_error_code(http::http_errc::rate_limited);
}

}  // namespace

inbound_poller::inbound_poller(caf::event_based_actor* self, inbound_poller_args args)
    : self_(self), args_(std::move(args)), mode_(args_.mode), pace_(now()) {}

void inbound_poller::start() {
  look_in(args_.first_poll);
}

void inbound_poller::use(std::shared_ptr<organisation_context> context,
                         std::shared_ptr<service_port> port) {
  const auto before = args_.port->rules();
  args_.context = std::move(context);
  if (port && port != args_.port) args_.port->stop_receiving();
  if (port) args_.port = std::move(port);
  const auto rules = args_.port->rules();
  const bool same_pace = rules.poll_interval == before.poll_interval &&
                         rules.quiet_poll_interval == before.quiet_poll_interval;
  if (!same_pace && !at_it_) look_in(usual_pause());
}

void inbound_poller::expect() {
  const auto before = usual_pause();
  pace_.stirred(now());
  const auto pause = usual_pause();
  if (pause < before && !at_it_ && failures_ == 0 && !rest_until_) look_in(pause);
}

void inbound_poller::work_in(working_mode mode) {
  const bool asked = asks();
  mode_ = mode;
  if (asks() && !asked && !at_it_) look_in(microseconds(0));
}

void inbound_poller::look() {
  if (at_it_)
    again_ = true;
  else
    look_in(microseconds(0));
}

void inbound_poller::on_look(const inbound_look& tick) {
  if (!asks() || at_it_ || tick.epoch != epoch_) return;
  at_it_ = true;
  progress_ = again_ = false;
  rest_until_.reset();
  todo_.clear();
  if (const auto loaded = load(); !loaded) {
    on_listed({step_, {}, loaded.error()});
    return;
  }
  memory_.tidy(now());
  args_.port->list([send = mail_to(self_), step = ++step_](auto found) {
    if (found) return send(inbound_listed{step, *std::move(found), {}});
    send(inbound_listed{step, {}, found.error()});
  });
}

// What was stored when the hub stopped is confirmed only; what was given up stays so.
result<void> inbound_poller::load() {
  if (loaded_) return {};
  KP_TRY(const auto all, transfers().all(transfer_memory::max_notes));
  std::vector<std::string> old;
  for (const auto& record : all) {
    if (record.first_seen + transfer_memory::forget_given_up < now())
      old.push_back(record.id);
    else
      memory_.owned[record.id] = {record, now(), 0, false};
  }
  loaded_ = true;
  commit_decision(
      self_, args_.writer,
      [this, old]() -> result<storage::batch> {
        storage::batch changes;
        for (const auto& id : old) transfers().remove(changes, id);
        return changes;
      },
      [](result<void>) { /* the next start tries again */ });
  return {};
}

void inbound_poller::on_listed(const inbound_listed& answer) {
  if (!at_it_ || answer.step != step_) return;
  if (answer.failure) {
    ++failures_;
    if (is_rate_limit(*answer.failure)) rest(*answer.failure);
    in().hub->signs->poll_failed(in().id(), via(), now(), answer.failure->message);
    // The first failure in a row, then ever more seldom.
    if ((failures_ & (failures_ - 1)) == 0)
      log(log_level::warning, "a service cannot be asked for arrivals",
          {{"organisation", in().id().to_string()},
           {"service", to_string(via())},
           {"failures", std::to_string(failures_)},
           {"detail", answer.failure->message}});
    return end_round();
  }
  failures_ = 0;
  in().hub->signs->polled(in().id(), via(), now());
  for (const auto& each : answer.all)
    if (todo_.size() < most_in_a_round && memory_.may_look(each.id, now())) todo_.push_back(each);
  next();
}

void inbound_poller::next() {
  if (todo_.empty() || rest_until_ || !asks()) return end_round();
  const auto known = memory_.owned.find(current());
  if (known != memory_.owned.end() && known->second.stored()) return confirm(taken::stored);
  route();
}

void inbound_poller::route() {
  self_->request(args_.router, caf::infinite, route_reference{via(), todo_.front().reference})
      .then(
          [this](const routed& answer) {
            if (!answer.channel) {
              say(log_level::info, "an arrival belongs to another installation, left alone",
                  todo_.front().reference.value_or(""));
              memory_.is_foreign(current(), now());
              todo_.pop_front();
              return next();
            }
            channel_ = *answer.channel;
            fence_ = answer.fence;
            fetch();
          },
          [this](const caf::error&) { trouble(stopped(), false); });
}

void inbound_poller::fetch() {
  args_.port->fetch(todo_.front(),
                    [send = mail_to(self_), step = ++step_](std::shared_ptr<fetched> what) {
                      send(inbound_fetched{step, std::move(what)});
                    });
}

void inbound_poller::on_fetched(const inbound_fetched& answer) {
  if (!at_it_ || answer.step != step_) return;
  switch (answer.what->verdict) {
    case fetch_verdict::arrived:
      return deliver(answer.what);
    case fetch_verdict::discard:
      say(log_level::error, "an arrival is no message, discarded", answer.what->failure.message);
      return confirm(taken::discarded);
    case fetch_verdict::unusable:
      return trouble(answer.what->failure, true);
    case fetch_verdict::failed:
      return trouble(answer.what->failure, !answer.what->failure.retryable);
  }
}

void inbound_poller::deliver(std::shared_ptr<fetched> it) {
  crash_point("downloaded-before-store");
  auto& what = it->what;
  what.via = via();
  what.transfer = current();
  what.channel = channel_;
  what.fence = fence_;
  if (what.sender.empty()) what.sender = todo_.front().sender;
  self_->request(args_.router, caf::infinite, std::move(what))
      .then(
          [this](const arrival_outcome& outcome) {
            if (outcome.failure) return trouble(*outcome.failure, !outcome.failure->retryable);
            own_of(current()).record.state = transfer_state::stored;
            confirm(taken::stored);
          },
          [this](const caf::error&) { trouble(stopped(), false); });
}

void inbound_poller::confirm(taken how) {
  if (how == taken::stored) crash_point("stored-before-confirm");
  how_ = how;
  args_.port->confirm(todo_.front(), how,
                      [send = mail_to(self_), step = ++step_](result<void> done) {
                        inbound_confirmed answer{step, {}};
                        if (!done) answer.failure = done.error();
                        send(std::move(answer));
                      });
}

void inbound_poller::on_confirmed(const inbound_confirmed& answer) {
  if (!at_it_ || answer.step != step_) return;
  if (how_ == taken::unusable) {
    if (answer.failure)
      say(log_level::warning, "the service was not told of an arrival that is given up",
          answer.failure->message);
    todo_.pop_front();
    return next();
  }
  if (answer.failure) return trouble(*answer.failure, !answer.failure->retryable);
  crash_point("confirmed-before-forgotten");
  progress_ = true;
  pace_.stirred(now());
  done_with_it();
}

// Nothing is left to do with it: the record goes.
void inbound_poller::done_with_it() {
  commit_decision(
      self_, args_.writer,
      [this, id = current()]() -> result<storage::batch> {
        storage::batch changes;
        KP_TRY(const auto known, transfers().find(id));
        if (known) transfers().remove(changes, id);
        return changes;
      },
      [this](result<void> done) {
        if (!done)
          say(log_level::warning, "a finished arrival is still on record", done.error().message);
        memory_.forget(current());
        todo_.pop_front();
        next();
      });
}

// Not now: the next one has its turn. `counts`: the arrival itself is at fault, so the number of
// tries has a bound.
void inbound_poller::trouble(const error& why, bool counts) {
  if (is_rate_limit(why)) rest(why);
  auto& own = own_of(current());
  own.record.last_error = why.message;
  microseconds pause = transfer_delay(++own.failures);
  if (why.retry_after) pause = std::max<microseconds>(pause, *why.retry_after);
  own.next = now() + pause;
  if (counts && ++own.record.attempts >= args_.port->rules().tries) return give_up(why);
  say(log_level::warning, "an arrival was not received, tried again later", why.message);
  keep(own.record);
  todo_.pop_front();
  next();
}

void inbound_poller::give_up(const error& why) {
  auto& own = own_of(current());
  const bool stored = own.record.state == transfer_state::stored;
  own.record.state = transfer_state::left_alone;
  keep(own.record);
  if (stored) {  // the message is here, and only the service does not want to hear it
    say(log_level::error, "an arrival cannot be confirmed, left alone", why.message);
    todo_.pop_front();
    return next();
  }
  say(log_level::error, "an arrival cannot be received, given up", why.message);
  confirm(taken::unusable);
}

// A failure is only logged: what is remembered in memory holds until the next start.
void inbound_poller::keep(const storage::transfer& record) {
  commit_decision(
      self_, args_.writer,
      [this, record]() -> result<storage::batch> {
        storage::batch changes;
        transfers().put(changes, record);
        return changes;
      },
      [this](result<void> done) {
        if (!done)
          log(log_level::warning, "an arrival is not on record: " + done.error().message,
              {{"organisation", in().id().to_string()}, {"service", to_string(via())}});
      });
}

void inbound_poller::end_round() {
  at_it_ = false;
  ++step_;
  todo_.clear();
  auto pause = usual_pause();
  pause = std::clamp<microseconds>(pause * (1 << std::min(failures_, 5u)), pause,
                                   std::max<microseconds>(pause, longest_pause));
  // The service may have shown a first part only.
  if (progress_ && failures_ == 0) pause = std::min<microseconds>(pause, std::chrono::seconds(1));
  pause = with_jitter(pause, in().hub->random);
  if (again_ && failures_ == 0) pause = microseconds(0);
  if (rest_until_) pause = std::max(pause, *rest_until_ - now());
  look_in(pause);
}

microseconds inbound_poller::usual_pause() const {
  const auto rules = args_.port->rules();
  return pace_.pause(now(), rules.poll_interval, rules.quiet_poll_interval);
}

// Delayed messages cannot be called back: a newer epoch makes older ones void.
void inbound_poller::look_in(microseconds delay) {
  if (!asks()) return;  // work_in() begins again
  if (delay.count() <= 0) return self_->send(self_, inbound_look{++epoch_});
  self_->delayed_send(self_, delay, inbound_look{++epoch_});
}

void inbound_poller::rest(const error& why) {
  const auto asked = why.retry_after.value_or(args_.port->rules().poll_interval);
  const auto until = now() + std::min<std::chrono::seconds>(asked, longest_rest);
  rest_until_ = std::max(rest_until_.value_or(until), until);
}

transfer_memory::own& inbound_poller::own_of(const std::string& id) {
  auto& own = memory_.owned[id];
  own.record.id = id;
  if (own.record.first_seen == time_point{}) own.record.first_seen = now();
  return own;
}

void inbound_poller::say(log_level level, std::string_view what, std::string_view detail) const {
  log(level, what,
      {{"organisation", in().id().to_string()},
       {"service", to_string(via())},
       {"transfer", todo_.empty() ? std::string() : current()},
       {"detail", detail}});
}

}  // namespace kp::actors
