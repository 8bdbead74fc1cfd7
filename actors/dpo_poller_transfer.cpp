// One file transfer from routing to confirmation; see dpo_poller.cpp for the round around it.

#include "actors/dpo_poller.hpp"

#include "actors/mail.hpp"
#include "actors/retrying_commit.hpp"
#include "config/crash_point.hpp"
#include "protocol/http/http_error.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

error stopped() {
  return transient(storage::storage_errc::io, "the channel router stopped");
}

}  // namespace

void dpo_poller::next_transfer() {
  if (todo_.empty() || rest_until_ || !asks()) {
    users_.pop_front();
    return next_user();
  }
  if (!todo_.front().what) return confirm();
  route();
}

void dpo_poller::route() {
  self_
      ->request(args_.router, caf::infinite,
                route_reference{service::dpo, todo_.front().what->senders_reference})
      .then(
          [this](const routed& answer) {
            auto& current = todo_.front();
            if (answer.channel) {
              current.channel = *answer.channel;
              current.fence = answer.fence;
              return record_download();
            }
            say(log_level::info, "a file transfer belongs to another installation, left alone",
                current.id, current.what->senders_reference.value_or(""));
            if (memory_.owned.contains(current.id)) return finish_transfer();
            memory_.is_foreign(current.id, now());
            todo_.pop_front();
            next_transfer();
          },
          [this](const caf::error&) { trouble(stopped(), false); });
}

// Before anything is downloaded it is on record that it is ours: after a download, only that tells
// it from another installation's (dpo.md 5.4).
void dpo_poller::record_download() {
  const auto& id = todo_.front().id;
  auto& own = take(id);
  own.record.state = storage::transfer_state::downloading;
  keep(own.record, [this] { fetch(); });
}

void dpo_poller::fetch() {
  args_.transport->download(users_.front(), todo_.front().id,
                            [send = mail_to(self_), step = ++step_](std::shared_ptr<fetched> what) {
                              send(dpo_fetched{step, std::move(what)});
                            });
}

void dpo_poller::on_fetched(const dpo_fetched& answer) {
  if (answer.step != step_) return;
  switch (answer.what->verdict) {
    case fetch_verdict::arrived:
      return deliver(answer.what);
    case fetch_verdict::discard:
      say(log_level::error, "an arrival is no message, discarded", todo_.front().id,
          answer.what->failure.message);
      return confirm();
    case fetch_verdict::unusable:
      return trouble(answer.what->failure, true);
    case fetch_verdict::failed:
      return trouble(answer.what->failure, !answer.what->failure.retryable);
  }
}

void dpo_poller::deliver(std::shared_ptr<fetched> what) {
  crash_point("downloaded-before-store");
  const auto& current = todo_.front();
  what->what.via = service::dpo;
  what->what.transfer = current.id;
  what->what.channel = current.channel;
  what->what.fence = current.fence;
  what->what.sender = current.what->sender;
  self_->request(args_.router, caf::infinite, std::move(what->what))
      .then(
          [this](const arrival_outcome& outcome) {
            if (outcome.failure) return trouble(*outcome.failure, !outcome.failure->retryable);
            auto& own = memory_.owned[todo_.front().id];
            own.record.state = storage::transfer_state::stored;
            own.download_again = false;
            confirm();
          },
          [this](const caf::error&) { trouble(stopped(), false); });
}

void dpo_poller::confirm() {
  crash_point("stored-before-confirm");
  args_.transport->confirm_download(users_.front(), todo_.front().id,
                                    [send = mail_to(self_), step = ++step_](result<void> done) {
                                      dpo_confirmed answer{step, {}};
                                      if (!done) answer.failure = done.error();
                                      send(std::move(answer));
                                    });
}

void dpo_poller::on_confirmed(const dpo_confirmed& answer) {
  if (answer.step != step_) return;
  if (!answer.failure) {
    crash_point("confirmed-before-forgotten");
    progress_ = true;
    pace_.stirred(now());
    return finish_transfer();
  }
  // Broker may want a download by this very system user first.
  const bool refused = !answer.failure->retryable;
  if (refused) take(todo_.front().id).download_again = true;
  trouble(*answer.failure, refused);
}

// Nothing is left to do with it: the record goes.
void dpo_poller::finish_transfer() {
  const auto id = todo_.front().id;
  commit_decision(
      self_, args_.writer,
      [this, id]() -> result<storage::batch> {
        storage::batch changes;
        transfers().remove(changes, id);
        return changes;
      },
      [this, id](result<void> done) {
        // Kept by mistake it is only confirmed once more after a restart.
        if (!done)
          say(log_level::warning, "a finished file transfer is still on record", id,
              done.error().message);
        memory_.forget(id);
        todo_.pop_front();
        next_transfer();
      });
}

// Not now: the next transfer has its turn.
void dpo_poller::trouble(const error& why, bool counts) {
  if (why.code == make_error_code(http::http_errc::rate_limited)) rest(why);
  keep(blame(todo_.front().id, why, counts), {});
  todo_.pop_front();
  next_transfer();
}

// Remembers a failure with one of ours. `counts`: the transfer itself is at fault, so the number of
// tries has a bound.
storage::transfer dpo_poller::blame(const std::string& id, const error& why, bool counts) {
  auto& own = take(id);
  own.record.last_error = why.message;
  if (counts && ++own.record.attempts >= max_unusable)
    own.record.state = storage::transfer_state::left_alone;
  std::chrono::microseconds pause = transfer_delay(++own.failures);
  if (why.retry_after) pause = std::max<std::chrono::microseconds>(pause, *why.retry_after);
  own.next = now() + pause;
  if (own.given_up())
    say(log_level::error, "an arrival cannot be received; it is left at Broker, unconfirmed", id,
        why.message);
  else
    say(log_level::warning, "an arrival was not received, tried again later", id, why.message);
  return own.record;
}

// Puts a record into the store; `then` runs when it is durable. Without `then` a failure is only
// logged: what is remembered in memory holds until the next start.
void dpo_poller::keep(const storage::transfer& record, std::function<void()> then) {
  commit_decision(
      self_, args_.writer,
      [this, record]() -> result<storage::batch> {
        storage::batch changes;
        transfers().put(changes, record);
        return changes;
      },
      [this, id = record.id, then = std::move(then)](result<void> done) {
        if (done && then) return then();
        if (done) return;
        if (then) return trouble(done.error(), false);
        say(log_level::warning, "a file transfer is not on record", id, done.error().message);
      });
}

void dpo_poller::say(log_level level, std::string_view what, std::string_view id,
                     std::string_view detail) const {
  log(level, what,
      {{"organisation", in().id().to_string()},
       {"service", "DPO"},
       {"transfer", id},
       {"detail", detail}});
}

}  // namespace kp::actors
