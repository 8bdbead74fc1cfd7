#include "actors/dpo_poller.hpp"

#include "actors/dpo_outgoing.hpp"
#include "actors/mail.hpp"
#include "actors/retrying_commit.hpp"
#include "actors/vital_signs.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace kp::actors {

namespace {

using std::chrono::microseconds;

bool is_rate_limit(const error& why) {
  return why.code == make_error_code(http::http_errc::rate_limited);
}

// Oldest first, unknown age last: statuses are registered in the order in which they were sent.
bool is_older(const std::optional<altinn::overview>& a, const std::optional<altinn::overview>& b) {
  if (!a || !b) return !a && b;  // what is only to be confirmed goes before
  if (a->created && b->created) return *a->created < *b->created;
  return a->created.has_value() && !b->created.has_value();
}

}  // namespace

dpo_poller::dpo_poller(caf::event_based_actor* self, dpo_poller_args args)
    : self_(self), args_(std::move(args)), mode_(args_.mode), pace_(now()) {}

void dpo_poller::start() {
  if (in().settings->dpo.enabled) poll_in(args_.first_poll);
}

void dpo_poller::use(std::shared_ptr<organisation_context> context,
                     std::shared_ptr<dpo_transport> transport) {
  const auto before = usual_pause();
  args_.context = std::move(context);
  if (transport) args_.transport = std::move(transport);
  const auto pause = usual_pause();
  if (pause != before && phase_ == phase::resting && asks()) poll_in(pause);
}

void dpo_poller::expect() {
  const auto before = usual_pause();
  pace_.stirred(now());
  const auto pause = usual_pause();
  if (pause < before && phase_ == phase::resting && asks() && failures_.empty() && !rest_until_)
    poll_in(pause);
}

void dpo_poller::work_in(working_mode mode) {
  const bool asked = asks();
  mode_ = mode;
  if (asks() && !asked && phase_ == phase::resting) poll_in(microseconds(0));
}

void dpo_poller::on_poll(const poll_now& tick) {
  if (!asks()) return;
  if (tick.epoch == epoch_ && phase_ == phase::resting) begin_round();
}

// What was under way when the hub stopped is taken up at once.
result<void> dpo_poller::load() {
  if (loaded_) return {};
  KP_TRY(const auto all, transfers().all(transfer_memory::max_notes));
  std::vector<std::string> old;
  for (const auto& record : all) {
    if (record.state == storage::transfer_state::left_alone &&
        record.first_seen + transfer_memory::forget_given_up < now())
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

void dpo_poller::begin_round() {
  more_ = progress_ = false;
  rest_until_.reset();
  if (users_.empty()) {
    const auto users = system_users(*in().settings);
    users_.assign(users.begin(), users.end());
  }
  if (const auto loaded = load(); !loaded) {
    for (; !users_.empty(); users_.pop_front()) search_failed(loaded.error());
    return end_round();
  }
  memory_.tidy(now());
  next_user();
}

void dpo_poller::next_user() {
  if (users_.empty() || rest_until_ || !asks()) return end_round();
  candidates_.clear();
  todo_.clear();
  phase_ = phase::searching;
  search(altinn::recipient_status::initialized);
}

void dpo_poller::search(altinn::recipient_status status) {
  args_.transport->search(users_.front(), status,
                          [send = mail_to(self_), step = ++step_](auto found) {
                            if (found) return send(dpo_found{step, *std::move(found), {}});
                            send(dpo_found{step, {}, found.error()});
                          });
}

void dpo_poller::on_found(const dpo_found& answer) {
  if (answer.step != step_) return;
  const bool recovering = phase_ == phase::recovering;
  if (!recovering) introduce(answer);
  if (answer.failure) {
    search_failed(*answer.failure);
    if (!recovering) {
      users_.pop_front();
      return next_user();
    }
  }
  if (!recovering) failures_.erase(users_.front().organisation);
  if (!recovering) in().hub->signs->polled(in().id(), service::dpo, now());
  if (!recovering && answer.ids.size() >= page) more_ = true;
  for (const auto& id : answer.ids)
    if (recovering ? memory_.may_recover(id, now()) : memory_.may_look(id, now()))
      candidates_.push_back(id);
  if (!recovering && is_recovery_due()) {
    recovered_[users_.front().organisation] = now();
    phase_ = phase::recovering;
    return search(altinn::recipient_status::download_started);
  }
  look_at_candidates();
}

// Of every system user in turn: a round asks one after the other.
bool dpo_poller::is_recovery_due() const {
  const auto& user = users_.front().organisation;
  const auto last = recovered_.find(user);
  if (last == recovered_.end() || last->second > now()) return true;
  const auto often = in().settings->dpo.poll_interval * recovery_every;
  return now() - last->second >= std::clamp<microseconds>(usual_pause() * recovery_every, often,
                                                          std::max<microseconds>(often, seldom));
}

// The first question after the start is asked for every system user and tells whether it may be
// used (dpo.md 4.2). Today's installations do not start when one may not; here it holds up nobody
// else.
void dpo_poller::introduce(const dpo_found& answer) {
  const auto& user = users_.front();
  if (!introduced_.insert(user.organisation).second) return;
  const bool represented = user.organisation != in().settings->dpo.system_user_organisation;
  if (!answer.failure) {
    log(log_level::info, "DPO can be asked for arrivals",
        {{"organisation", in().id().to_string()},
         {"service", "DPO"},
         {"system_user", user.organisation},
         {"available", std::to_string(answer.ids.size())}});
    return;
  }
  log(log_level::error, "DPO cannot be used with this system user",
      {{"organisation", in().id().to_string()},
       {"service", "DPO"},
       {"system_user", user.organisation},
       {"name", user.name},
       {"detail", answer.failure->message},
       {"remedy", represented
                      ? "See that the represented organisation has approved the system user "
                        "at Altinn, and that services.dpo.reportees has its name."
                      : "See that the organisation has approved the system user at Altinn, "
                        "and that services.dpo.system_user has its name."}});
}

void dpo_poller::look_at_candidates() {
  // Ours do not depend on being found: a search shows the newest hundred only.
  std::set<std::string> once(candidates_.begin(), candidates_.end());
  for (const auto& [id, own] : memory_.owned)
    if (memory_.may_look(id, now()) && !is_of_another(own)) once.insert(id);
  candidates_.clear();
  for (const auto& id : once) {
    const auto* own = owned(id);
    if (own && own->stored())
      todo_.push_back({id, {}, {}});
    else
      candidates_.push_back(id);
  }
  phase_ = phase::looking;
  ++step_;
  ask_overviews();
}

void dpo_poller::ask_overviews() {
  while (!candidates_.empty() && overviews_ < max_overviews && !rest_until_) {
    auto id = std::move(candidates_.front());
    candidates_.pop_front();
    ++overviews_;
    args_.transport->overview(users_.front(), id,
                              [send = mail_to(self_), step = step_, id](auto seen) {
                                if (seen) return send(dpo_seen{step, id, *std::move(seen), {}});
                                send(dpo_seen{step, id, {}, seen.error()});
                              });
  }
  if (overviews_ == 0) work();
}

// A transfer whose overview fails is passed over, for longer each time; the others are not.
void dpo_poller::on_seen(const dpo_seen& answer) {
  if (answer.step != step_ || phase_ != phase::looking) return;
  --overviews_;
  if (answer.failure && is_rate_limit(*answer.failure)) {
    rest(*answer.failure);
  } else if (answer.failure && owned(answer.id)) {
    keep(blame(answer.id, *answer.failure, !answer.failure->retryable), {});
  } else if (answer.failure) {
    memory_.failed(answer.id, now());
    say(log_level::warning, "a file transfer cannot be looked at, tried again after a rest",
        answer.id, answer.failure->message);
  } else {
    todo_.push_back({answer.id, answer.what, {}});
  }
  ask_overviews();
}

void dpo_poller::work() {
  phase_ = phase::working;
  todo_.sort([](const auto& a, const auto& b) {
    if (is_older(a.what, b.what)) return true;
    return !is_older(b.what, a.what) && a.id < b.id;
  });
  next_transfer();
}

void dpo_poller::end_round() {
  phase_ = phase::resting;
  ++step_;
  // One system user that cannot ask does not slow the others down.
  auto failed_rounds = ~0u;
  for (const auto& user : system_users(*in().settings)) {
    const auto its = failures_.find(user.organisation);
    failed_rounds = std::min(failed_rounds, its == failures_.end() ? 0 : its->second);
  }
  auto pause = usual_pause();
  pause *= 1 << std::min(failed_rounds, 5u);
  pause = std::min(pause, std::max<microseconds>(longest_pause, usual_pause()));
  // More waits than one answer shows: ask again at once, the national limits allowing.
  if (more_ && progress_ && failed_rounds == 0) pause = std::chrono::seconds(1);
  const auto jitter = 0.9 + 0.2 * in().hub->random.unit();
  pause = microseconds(static_cast<std::int64_t>(static_cast<double>(pause.count()) * jitter));
  if (rest_until_) pause = std::max(pause, *rest_until_ - now());
  poll_in(pause);
}

microseconds dpo_poller::usual_pause() const {
  const auto& dpo = in().settings->dpo;
  return pace_.pause(now(), dpo.poll_interval, dpo.quiet_poll_interval);
}

// Delayed messages cannot be called back: a newer epoch makes older ones void.
void dpo_poller::poll_in(microseconds delay) {
  if (!asks()) return;  // work_in() begins again
  if (delay.count() <= 0) return self_->send(self_, poll_now{++epoch_});
  self_->delayed_send(self_, delay, poll_now{++epoch_});
}

void dpo_poller::rest(const error& why) {
  const auto asked = why.retry_after.value_or(in().settings->dpo.poll_interval);
  const auto until = now() + std::min<std::chrono::seconds>(asked, longest_rest);
  rest_until_ = std::max(rest_until_.value_or(until), until);
}

void dpo_poller::search_failed(const error& why) {
  if (is_rate_limit(why)) rest(why);
  in().hub->signs->poll_failed(in().id(), service::dpo, now(), why.message);
  // The first failure in a row, then ever more seldom.
  const auto count = ++failures_[users_.front().organisation];
  if ((count & (count - 1)) == 0)
    log(log_level::warning, "DPO cannot be asked for arrivals",
        {{"organisation", in().id().to_string()},
         {"service", "DPO"},
         {"system_user", users_.front().organisation},
         {"failures", std::to_string(count)},
         {"detail", why.message}});
}

const transfer_memory::own* dpo_poller::owned(const std::string& id) const {
  const auto found = memory_.owned.find(id);
  return found == memory_.owned.end() ? nullptr : &found->second;
}

bool dpo_poller::is_of_another(const transfer_memory::own& it) const {
  const auto& recipient = it.record.recipient;
  const auto& whose = recipient.empty() ? in().settings->dpo.system_user_organisation : recipient;
  return whose != users_.front().organisation;
}

transfer_memory::own& dpo_poller::take(const std::string& id) {
  auto& own = memory_.owned[id];
  own.record.id = id;
  if (own.record.first_seen == time_point{}) own.record.first_seen = now();
  own.record.recipient = users_.front().organisation;
  return own;
}

}  // namespace kp::actors
