#include "actors/outbox_sender.hpp"

#include "actors/arrivals.hpp"
#include "actors/mail.hpp"
#include "actors/reports.hpp"
#include "actors/retrying_commit.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "protocol/http/http_error.hpp"
#include "storage/outbox_recovery.hpp"
#include "storage/outbox_turns.hpp"
#include "storage/status_rules.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>

namespace kp::actors {

namespace {

using std::chrono::microseconds;
using storage::outbox_kind;
using storage::status_name;

// A refused token or right is for an operator to cure, not the end of the message.
bool is_permanent(const error& why) {
  return !why.retryable && why.code != make_error_code(http::http_errc::unauthorized);
}

// The receiver has it. Over DPH a receipt may say so before sending is on record; it then registers
// SENDT itself, whatever else it says.
bool is_answered(const storage::conversation& c) {
  constexpr auto answers = storage::status_bit(status_name::mottatt) |
                           storage::status_bit(status_name::levert) |
                           storage::status_bit(status_name::lest);
  const auto sent = c.via == service::dph ? storage::status_bit(status_name::sendt) : 0u;
  return (c.statuses & (answers | sent)) != 0;
}

// Begins the owner of every claim of this process; another process has another one.
const std::string& run_of_this_process() {
  static const std::string run = "run-" + make_secure_random()->uuid();
  return run;
}

}  // namespace

std::chrono::seconds retry_delay(std::uint32_t failures) {
  using std::chrono::seconds;
  constexpr std::array first{seconds(20), seconds(60), seconds(180), seconds(540), seconds(1620)};
  if (failures == 0) return seconds(0);
  return failures <= first.size() ? first[failures - 1] : seconds(3600);
}

outbox_sender::outbox_sender(caf::event_based_actor* self, outbox_sender_args args)
    : self_(self),
      args_(std::move(args)),
      owner_(fmt::format("{} {}-adapter {}", run_of_this_process(), to_string(via()),
                         in().hub->random.uuid())),
      mode_(args_.mode) {}

void outbox_sender::use(std::shared_ptr<organisation_context> context,
                        std::shared_ptr<service_port> port) {
  args_.context = std::move(context);
  if (port) args_.port = std::move(port);
}

void outbox_sender::work_in(working_mode mode) {
  mode_ = mode;
  look();
}

bool outbox_sender::idle() const {
  if (claiming_ || !in_flight_.empty()) return false;
  if (mode_ != working_mode::sending_only) return true;
  const auto next = outbox().next_due();
  return next && !*next;
}

void outbox_sender::recover() {
  claiming_ = true;
  commit_decision(
      self_, args_.writer,
      [this]() -> result<storage::batch> {
        crash_point("recovering");
        storage::batch changes;
        KP_TRY([[maybe_unused]] const auto released,
               storage::release_claims_of_earlier_runs(changes, in().hub->store, in().id(), via(),
                                                       run_of_this_process()));
        return changes;
      },
      [this](result<void> done) {
        claiming_ = false;
        recovered_ = true;  // what could not be given back falls due by itself
        if (!done)
          log(log_level::warning,
              "claims of an earlier run are waited for: " + done.error().message,
              {{"organisation", in().id().to_string()}});
        look();
      });
}

void outbox_sender::look() {
  if (claiming_) {
    again_ = true;
    return;
  }
  if (mode_ == working_mode::ending || mode_ == working_mode::receiving_only) return;
  if (!recovered_) return recover();
  if (in_flight_.size() >= max_in_flight) return;  // the next end looks again
  claiming_ = true;
  const auto room = max_in_flight - in_flight_.size();
  const auto due = std::make_shared<std::vector<storage::outbox::claimed>>();
  const auto cursor = std::make_shared<time_point>();
  commit_decision(
      self_, args_.writer,
      [this, room, due, cursor]() -> result<storage::batch> {
        storage::batch changes;
        *cursor = cursor_;
        KP_TRY(*due, outbox().claim_due(changes, *cursor, now(), room, owner_, claim_ttl));
        return changes;
      },
      [this, room, due, cursor](result<void> done) {
        claiming_ = false;
        if (!done) {
          log(log_level::error, "the outbox cannot be read now: " + done.error().message,
              {{"organisation", in().id().to_string()}});
          return wake_in(after_trouble);
        }
        cursor_ = *cursor;
        const bool full = due->size() == room;
        take(std::move(*due));
        if (again_ || full) {
          again_ = false;
          return look();
        }
        sleep();
      });
}

void outbox_sender::on_look(const outbox_look& tick) {
  if (tick.epoch == epoch_) look();
}

void outbox_sender::take(std::vector<storage::outbox::claimed> due) {
  for (auto& claimed : due) {
    const auto id = claimed.item.id;
    // A claim of our own that ran out during a long attempt: it is still ours.
    if (const auto known = in_flight_.find(id); known != in_flight_.end()) {
      known->second.claimed.claim = claimed.claim;
      continue;
    }
    begin(in_flight_.emplace(id, work{std::move(claimed), {}, ++attempts_}).first->second);
  }
  if (!in_flight_.empty() && !renewing_) {
    renewing_ = true;
    self_->delayed_send(self_, renew_after, claims_look{});
  }
}

void outbox_sender::begin(work& w) {
  const auto& item = w.claimed.item;
  if (item.expires && *item.expires <= now())
    return give_up(w, {status_name::levetid_utlopt, std::string(lifetime_passed), {}, now()});
  if (item.kind == outbox_kind::message) {
    auto message = in().messages.find(item.message);
    if (!message) return failed(w, message.error());
    if (!*message) return settle(w, {});  // deleted meanwhile
    const auto c = in().conversations.find(direction::outgoing, item.message);
    if (!c) return failed(w, c.error());
    // The national service had it although it did not say so.
    if (*c && is_answered(**c)) return settle(w, {});
    w.message = *std::move(message);
  } else {
    const auto earlier = wait_for_earlier_status(item);
    if (!earlier) return failed(w, earlier.error());
    if (*earlier) return put_off(w, **earlier);
  }
  args_.port->send(as_sending(w), [send = mail_to(self_), id = item.id,
                                   attempt = w.attempt](result<sent_item> sent) {
    if (sent) return send(item_sent{id, attempt, *std::move(sent), {}});
    send(item_sent{id, attempt, {}, sent.error()});
  });
}

sending outbox_sender::as_sending(const work& w) const {
  return {w.claimed.item, w.message, args_.context};
}

// MOTTATT must not come after LEVERT: a status waits for earlier ones of the same message.
result<std::optional<time_point>> outbox_sender::wait_for_earlier_status(
    const storage::outbox_item& item) const {
  KP_TRY(const auto rows, outbox().of_message(item.message));
  for (const auto row : rows) {
    if (row >= item.id) continue;
    KP_TRY(const auto earlier, outbox().find(row));
    if (earlier && earlier->kind == outbox_kind::status)
      return std::max(earlier->due, now()) + std::chrono::seconds(1);
  }
  return std::nullopt;
}

void outbox_sender::on_sent(const item_sent& sent) {
  const auto found = in_flight_.find(sent.item);
  if (found == in_flight_.end() || found->second.attempt != sent.attempt) return;
  const auto w = found->second;
  if (sent.failure) return failed(w, *sent.failure);
  say(log_level::info, w.claimed.item.kind == outbox_kind::message ? "message sent" : "status sent",
      w.claimed.item, sent.what.external_id);
  if (w.claimed.item.kind == outbox_kind::status) return settle(w, {});
  ending how{{{status_name::sendt, {}, {}, now()}}, sent.what};
  // What the service said in its answer follows SENDT, also by its time.
  for (auto status : sent.what.statuses) {
    status.at = std::max(status.at, how.statuses.front().at);
    how.statuses.push_back(std::move(status));
  }
  settle(w, std::move(how));
}

void outbox_sender::failed(const work& w, const error& why) {
  const auto& item = w.claimed.item;
  const auto failures = item.attempts + 1;
  if (is_permanent(why) || failures > max_failures) {
    say(log_level::error, "sending has failed for good", item, why.message);
    return give_up(
        w, {status_name::feil, args_.port->failure_text(as_sending(w), why), why.message, now()});
  }
  auto due = now() + with_jitter(retry_delay(failures), in().hub->random);
  if (why.retry_after) due = std::max(due, now() + *why.retry_after);
  if (item.expires) due = std::min(due, *item.expires);  // then its end is due
  say(log_level::warning, "sending failed, tried again at " + format_timestamp(due), item,
      why.message);
  postpone(w, due, why.message);
}

void outbox_sender::give_up(const work& w, storage::status_change last) {
  // A status that does not arrive changes nothing of the message that it is about.
  if (w.claimed.item.kind == outbox_kind::status) {
    say(log_level::warning, "a status was not delivered and is dropped", w.claimed.item,
        last.raw_receipt.value_or(last.description.value_or("")));
    return settle(w, {});
  }
  settle(w, ending{{std::move(last)}});
}

void outbox_sender::postpone(const work& w, time_point due, std::string why) {
  keep(w, [this, claimed = w.claimed, due, why = std::move(why)](storage::batch& changes) {
    outbox().postpone(changes, claimed, due, why);
  });
}

void outbox_sender::put_off(const work& w, time_point due) {
  keep(w, [this, claimed = w.claimed, due](storage::batch& changes) {
    storage::put_off(changes, in().hub->store, in().id(), via(), claimed, due);
  });
}

void outbox_sender::keep(const work& w, std::function<void(storage::batch&)> for_later) {
  commit_decision(
      self_, args_.writer,
      [for_later = std::move(for_later)]() -> result<storage::batch> {
        storage::batch changes;
        for_later(changes);
        return changes;
      },
      [this, item = w.claimed.item](result<void> done) {
        // Not kept: the claim runs out and the item is tried again.
        if (!done) say(log_level::error, "an attempt was not recorded", item, done.error().message);
        ended(item.id);
      });
}

void outbox_sender::settle(const work& w, ending how) {
  const auto end = std::make_shared<ending>(std::move(how));
  commit_decision(
      self_, args_.writer, [this, w, end] { return decide_end(w, *end); },
      [this, item = w.claimed.item, end](result<void> done) {
        if (!done) {
          say(log_level::error, "the end of sending was not recorded; it will be sent again", item,
              done.error().message);
          return ended(item.id);
        }
        if (!end->freed.empty())
          http::asio::post(in().hub->workers, [context = args_.context, end] {
            for (const auto& ref : end->freed) context->hub->blobs.release(context->id(), ref);
          });
        if (end->expiry_grew)
          if (const auto organisation = caf::actor_cast<caf::actor>(args_.organisation))
            self_->send(organisation, expiry_changed{});
        if (end->tracked && args_.follows) args_.follows();
        ended(item.id);
      });
}

// Everything that ends one item is one commit.
result<storage::batch> outbox_sender::decide_end(const work& w, ending& how) const {
  const auto& item = w.claimed.item;
  storage::batch changes;
  how.freed.clear();
  outbox().remove(changes, w.claimed);
  if (item.kind != outbox_kind::message) return changes;
  KP_CHECK(add_outcome(changes, w, how));
  KP_TRY(const auto message, in().messages.find(item.message));
  if (!message) return changes;
  in().messages.remove(changes, *message);
  for (const auto& file : message->files) {
    in().hub->blobs.remove(changes, in().id(), file.content);
    how.freed.push_back(file.content);
  }
  return changes;
}

// A conversation that its client has deleted meanwhile hears of nothing.
result<void> outbox_sender::add_outcome(storage::batch& changes, const work& w, ending& how) const {
  how.expiry_grew = how.tracked = false;
  const auto& message = w.claimed.item.message;
  KP_TRY(auto c, in().conversations.find(direction::outgoing, message));
  if (!c) return {};
  const auto* sent = how.sent ? &*how.sent : nullptr;
  std::span<const generated_arrival> arrivals;
  if (sent) arrivals = sent->arrivals;
  std::optional<std::string> reference;
  if (sent && sent->is_reference && !sent->external_id.empty()) reference = sent->external_id;
  KP_TRY(how.expiry_grew, add_report(changes, in(), *c, how.statuses, arrivals, reference));
  if (!sent || !sent->follow) return {};
  const storage::tracking all(in().hub->store, in().id(), via());
  KP_TRY(const auto earlier, all.find(message));
  const auto pace = args_.port->rules().pace;
  storage::tracked track;
  track.message = message;
  track.external_id = sent->external_id;
  track.memo = sent->memo;
  track.sent = now();
  track.due = now() + with_jitter(follow_pause(pace, {}), in().hub->random);
  track.ends = now() + pace.give_up_after;
  if (earlier)
    all.update(changes, *earlier, track);
  else
    all.insert(changes, track);
  how.tracked = true;
  return {};
}

void outbox_sender::ended(storage::row_id item) {
  in_flight_.erase(item);
  look();
}

void outbox_sender::on_claims(const claims_look&) {
  renewing_ = !in_flight_.empty();
  if (!renewing_) return;
  self_->delayed_send(self_, renew_after, claims_look{});
  for (auto& [id, w] : in_flight_) renew(w);
}

void outbox_sender::renew(work& w) {
  const auto renewed = std::make_shared<storage::lease>();
  commit_decision(
      self_, args_.writer,
      [this, claimed = w.claimed, renewed]() -> result<storage::batch> {
        storage::batch changes;
        KP_TRY(*renewed, outbox().renew(changes, claimed, now(), claim_ttl));
        return changes;
      },
      [this, id = w.claimed.item.id, renewed](result<void> done) {
        const auto found = in_flight_.find(id);
        if (found == in_flight_.end()) return;
        if (done)
          found->second.claimed.claim = *renewed;
        else
          say(log_level::warning, "a claim was not renewed", found->second.claimed.item,
              done.error().message);
      });
}

void outbox_sender::sleep() {
  const auto next = outbox().next_due(cursor_);
  microseconds delay = next ? longest_sleep : after_trouble;
  if (next && *next) delay = std::clamp<microseconds>(**next - now(), microseconds(0), delay);
  wake_in(delay);
}

// Delayed messages cannot be called back: a newer epoch makes older ones void.
void outbox_sender::wake_in(microseconds delay) {
  self_->delayed_send(self_, delay, outbox_look{++epoch_});
}

void outbox_sender::say(log_level level, std::string_view what, const storage::outbox_item& item,
                        std::string_view detail) const {
  const auto* channel = in().channel(item.channel);
  log(level, what,
      {{"organisation", in().id().to_string()},
       {"channel", channel ? channel->name.to_string() : ""},
       {"service", to_string(item.via)},
       {"message_id", item.message.to_string()},
       {"detail", detail}});
}

}  // namespace kp::actors
