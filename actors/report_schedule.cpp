#include "actors/report_schedule.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

using status_service::verdict;

constexpr std::chrono::minutes unreadable_pause{10};

}  // namespace

report_schedule::report_schedule(const storage::engine& store, random_source& random,
                                 report_limits limits)
    : store_(store), random_(random), limits_(limits) {}

result<void> report_schedule::wake(organisation_id id,
                                   const std::shared_ptr<storage::report_gate>& gate) {
  auto found = lines_.find(id);
  if (found == lines_.end()) {
    line made(store_, id, gate);
    KP_TRY(const auto there, made.kept.count(gate->most()));
    // What came since the gate was made is counted by it already.
    gate->found(there - std::min(there, gate->admitted()));
    found = lines_.emplace(id, std::move(made)).first;
  }
  active_.insert(id);
  return {};
}

void report_schedule::rest(organisation_id id) {
  active_.erase(id);
}

std::optional<report_schedule::job> report_schedule::next(time_point now) {
  const bool probing = failures_ > 0;
  if (in_flight_ >= (probing ? 1 : limits_.in_flight) || (probing && now < rest_until_) ||
      unsettled_ >= limits_.unsettled)
    return std::nullopt;
  // Once round, from the one after the last.
  const std::vector<organisation_id> all(active_.begin(), active_.end());
  const auto first = last_ ? std::ranges::upper_bound(all, *last_) : all.begin();
  const auto begin = static_cast<std::size_t>(first - all.begin());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto id = all[(begin + i) % all.size()];
    auto& its = lines_.at(id);
    if (auto found = next_of(id, its, now)) {
      last_ = id;
      return found;
    }
    if (finished(its, now)) active_.erase(id);
  }
  return std::nullopt;
}

std::optional<report_schedule::job> report_schedule::next_of(organisation_id id, line& its,
                                                             time_point now) {
  const std::size_t most = its.failures > 0 ? 1 : limits_.per_organisation;
  if (its.in_flight >= most || now < its.rest_until) return std::nullopt;
  while (unsettled_ < limits_.unsettled) {
    auto one = take(id, its, now);
    if (!one) return std::nullopt;
    if (now - one->report.what.queued <= limits_.give_up_after) {
      ++its.in_flight;
      ++in_flight_;
      return one;
    }
    say(log_level::error, id, "a status was not reported in time and is dropped",
        one->report.what.message.to_string());
    remove(id, its, one->report.sequence);
    ++counted_.given_up;
  }
  return std::nullopt;
}

// New ones first: they tell whether the service works at all, where one that has failed may be
// what is wrong itself.
std::optional<report_schedule::job> report_schedule::take(organisation_id id, line& its,
                                                          time_point now) {
  if (!its.window.empty() || (its.again.size() < limits_.window && fill(id, its, now))) {
    auto one = std::move(its.window.front());
    its.window.pop_front();
    return one;
  }
  if (its.again.empty() || its.again.begin()->first > now) return std::nullopt;
  auto one = std::move(its.again.begin()->second);
  its.again.erase(its.again.begin());
  return one;
}

// Whether there is something in the window now.
bool report_schedule::fill(organisation_id id, line& its, time_point now) {
  auto found = its.kept.after(its.read, limits_.window);
  if (!found) {
    say(log_level::error, id, "waiting status reports cannot be read", found.error().message);
    its.rest_until = now + unreadable_pause;
    return false;
  }
  if (found->empty()) return false;
  its.read = found->back().sequence;
  for (auto& each : *found) its.window.push_back({id, std::move(each), 0, 0});
  its.empty_since.reset();
  return true;
}

// Whether nothing more is to be expected without news.
bool report_schedule::finished(line& its, time_point now) {
  const auto away = its.gate->turned_away();
  counted_.turned_away += away - std::exchange(its.turned_away, away);
  if (!its.window.empty() || !its.again.empty() || its.in_flight > 0 || its.leaving > 0 ||
      now < its.rest_until)
    return false;
  if (its.gate->waiting() == 0) return true;
  // Admitted, and not there: it is about to be committed, or never was.
  const auto admitted = its.gate->admitted();
  if (!its.empty_since || admitted != its.admitted_then) {
    its.empty_since = now;
    its.admitted_then = admitted;
    return false;
  }
  if (now - *its.empty_since < limits_.forget_admitted_after) return false;
  its.gate->left(its.gate->waiting());
  its.empty_since.reset();
  return true;
}

void report_schedule::settle(const job& done, const status_service::outcome& what, time_point now) {
  auto& its = lines_.at(done.organisation);
  --its.in_flight;
  --in_flight_;
  const bool answered = what.what != verdict::unavailable;
  if (answered && failures_ > 0) {
    log(log_level::info, "the status service answers again");
    failures_ = 0;
  }
  switch (what.what) {
    case verdict::taken:
      its.failures = 0;
      ++counted_.taken;
      return remove(done.organisation, its, done.report.sequence);
    case verdict::refused:
      its.failures = 0;
      return refuse(done, its, what.why, now);
    case verdict::unauthorized:
      if (++its.failures == 1)
        say(log_level::error, done.organisation, "the status service does not accept our token",
            what.why);
      its.rest_until =
          now + pause(its.failures, limits_.first_token_pause, limits_.misconfigured_pause);
      its.window.push_front(done);
      break;
    case verdict::misconfigured:
      if (++its.failures == 1)
        say(log_level::error, done.organisation,
            "statuses cannot be reported until somebody acts: check status_service.url, the "
            "scopes of the organisation's Maskinporten client and its key store",
            what.why);
      its.rest_until = now + limits_.misconfigured_pause;
      its.window.push_front(done);
      break;
    case verdict::unavailable:
      try_again(done, its, what, now);
      break;
  }
  ++counted_.failed;
}

void report_schedule::leave(const job& one) {
  auto& its = lines_.at(one.organisation);
  --its.in_flight;
  --in_flight_;
  its.window.push_front(one);
}

void report_schedule::refuse(const job& done, line& its, const std::string& why, time_point now) {
  ++counted_.refused;
  say(log_level::warning, done.organisation,
      "the status service does not want the status of message " +
          done.report.what.message.to_string(),
      why);
  if (const auto kept = its.kept.refuse(pending_, done.report, now, why, limits_.keep_refused);
      !kept)
    say(log_level::error, done.organisation, "a refused report cannot be kept",
        kept.error().message);
  remove(done.organisation, its, done.report.sequence);
}

void report_schedule::try_again(job failed, line& its, const status_service::outcome& what,
                                time_point now) {
  if (failed.failures++ == 0) failed.taken_before = counted_.taken;
  if (failed.failures >= limits_.hopeless_after &&
      counted_.taken - failed.taken_before >= limits_.hopeless_after)
    return refuse(failed, its, "it fails again and again, while others are taken: " + what.why,
                  now);
  const auto due = now + pause(failed.failures, limits_.first_pause, limits_.longest_pause);
  service_fails(what, now);
  its.again.emplace(due, std::move(failed));
}

void report_schedule::service_fails(const status_service::outcome& what, time_point now) {
  // Those that were under way together fail together: that is one failure.
  if (failures_ > 0 && now < rest_until_) return;
  if (++failures_ == 1)
    log(log_level::warning, "the status service does not answer; reports wait: " + what.why);
  auto span = pause(failures_, limits_.first_pause, limits_.longest_pause);
  if (what.retry_after)
    span = std::max(span,
                    std::min<std::chrono::microseconds>(*what.retry_after, limits_.longest_pause));
  rest_until_ = now + span;
}

std::chrono::microseconds report_schedule::pause(std::uint32_t failures,
                                                 std::chrono::microseconds first,
                                                 std::chrono::microseconds longest) const {
  constexpr std::uint32_t enough_doublings = 20;
  const auto span = std::min(first * (1u << std::min(failures - 1, enough_doublings)), longest);
  // A fifth more or less, so that what failed together does not come back together.
  const double jitter = 0.8 + 0.4 * random_.unit();
  return std::chrono::microseconds(
      static_cast<std::int64_t>(static_cast<double>(span.count()) * jitter));
}

void report_schedule::remove(organisation_id id, line& its, std::uint64_t sequence) {
  its.kept.remove(pending_, sequence);
  ++its.leaving;
  ++leaving_[id];
  ++unsettled_;
}

std::optional<storage::batch> report_schedule::changes() {
  if (committing_ || pending_.empty()) return std::nullopt;
  committing_ = std::exchange(pending_, {});
  committing_leaving_ = std::exchange(leaving_, {});
  return committing_;
}

void report_schedule::committed(bool durable) {
  if (!committing_) return;
  if (durable) {
    for (const auto& [id, count] : committing_leaving_) {
      auto& its = lines_.at(id);
      its.gate->left(count);
      its.leaving -= count;
      unsettled_ -= count;
    }
  } else {
    committing_->include(pending_);
    pending_ = *std::move(committing_);
    for (const auto& [id, count] : committing_leaving_) leaving_[id] += count;
  }
  committing_.reset();
  committing_leaving_.clear();
}

std::optional<time_point> report_schedule::wakes(time_point now) const {
  std::optional<time_point> first;
  const auto at = [&](time_point when) { first = std::min(first.value_or(when), when); };
  if (failures_ > 0 && in_flight_ == 0 && !active_.empty()) at(std::max(now, rest_until_));
  for (const auto id : active_) {
    const auto& its = lines_.at(id);
    if (its.in_flight > 0) continue;
    if (now < its.rest_until)
      at(its.rest_until);
    else if (!its.again.empty())
      at(std::max(its.again.begin()->first, failures_ > 0 ? rest_until_ : now));
  }
  return first;
}

std::uint64_t report_schedule::waiting() const {
  std::uint64_t all = 0;
  for (const auto& [id, its] : lines_) all += its.gate->waiting();
  return all;
}

std::optional<time_point> report_schedule::oldest() const {
  std::optional<time_point> first;
  for (const auto id : active_) {
    const auto& its = lines_.at(id);
    const auto consider = [&](const job& one) {
      const auto queued = one.report.what.queued;
      first = std::min(first.value_or(queued), queued);
    };
    if (!its.window.empty()) consider(its.window.front());
    for (const auto& [due, one] : its.again) consider(one);
  }
  return first;
}

void report_schedule::say(log_level level, organisation_id id, std::string_view what,
                          std::string_view why) const {
  log(level, std::string(what) + ": " + std::string(why), {{"organisation", id.to_string()}});
}

}  // namespace kp::actors
