#include "actors/webhook_line.hpp"

#include "actors/inbox_scope.hpp"
#include "actors/webhook_scope.hpp"
#include "protocol/http/url.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

using storage::webhook_delivery;

constexpr std::size_t feed_portion = 64;
// Storing the cursor late costs a repetition after a crash, at once a commit per event.
constexpr std::chrono::milliseconds flush_after{500};
constexpr std::chrono::seconds flush_unwanted_after{60};
constexpr std::chrono::seconds commit_again_after{5};

webhook_delivery delivery_of(const storage::feed::entry& from) {
  webhook_delivery d;
  d.sequence = from.sequence;
  d.at = from.event.at;
  d.message = from.event.message;
  d.conversation = from.event.conversation;
  d.way = from.event.way;
  d.via = from.event.via;
  d.name = from.event.name;
  d.description = from.event.description;
  return d;
}

// Whether an answer says that the endpoint as such does not work, rather than that it does not
// like this event.
bool is_of_the_endpoint(unsigned status) {
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 407:
    case 408:
    case 410:
    case 421:
    case 425:
    case 429:
      return true;
    default:
      return status < 400 || status >= 500;
  }
}

}  // namespace

webhook_line::webhook_line(std::shared_ptr<organisation_context> context, storage::subscription who,
                           webhook_limits limits)
    : context_(std::move(context)),
      kept_(context_->hub->store, context_->id()),
      who_(std::move(who)),
      limits_(limits) {}

result<std::unique_ptr<webhook_line>> webhook_line::open(
    std::shared_ptr<organisation_context> context, storage::subscription who,
    webhook_limits limits) {
  std::unique_ptr<webhook_line> made(new webhook_line(std::move(context), std::move(who), limits));
  KP_CHECK(made->load());
  return made;
}

result<void> webhook_line::load() {
  filter_ = webhooks::filter::parse(who_.filter.value_or("")).value_or(webhooks::filter());
  KP_TRY(stored_, kept_.progress(who_.id));
  progress_ = stored_;
  read_ = stored_.sequence;
  KP_TRY(auto parked, kept_.parked(who_.id));
  for (auto& each : parked) {
    if (each.sequence > read_) settled_ahead_.insert(each.sequence);
    insert_parked(std::move(each));
  }
  KP_TRY(const auto dead, kept_.dead_letters_from(who_.id, read_ + 1, limits_.dead));
  for (const auto& each : dead) settled_ahead_.insert(each.sequence);
  KP_TRY(const auto all_dead, kept_.dead_letters(who_.id, {0, 1}, {}));
  dead_count_ = all_dead.total;
  return {};
}

void webhook_line::change(storage::subscription who, time_point now) {
  who_ = std::move(who);
  filter_ = webhooks::filter::parse(who_.filter.value_or("")).value_or(webhooks::filter());
  progress_.paused.reset();
  progress_.why_paused.clear();
  endpoint_lives(now);
  all_due(now);
}

result<bool> webhook_line::wanted(const storage::channel_event& event) const {
  if (event.kind != storage::event_kind::status) return false;
  if (who_.resource != "all" && who_.resource != "messages") return false;
  if (who_.event != "all" && who_.event != "status") return false;
  if (!filter_.matches({to_string(event.name), event.via, event.way})) return false;
  return shows(view_of(who_), context_->conversations, who_.channel, event);
}

result<void> webhook_line::fill(time_point now) {
  while (may_have_more_ && window_.size() < limits_.window) {
    KP_TRY(const auto trimmed, context_->feed.trimmed(who_.channel));
    if (trimmed > read_) {
      // With deliveries, expiry reads in time; this is a hub that stood still for days.
      if (read_ > 0)
        say(log_level::error, "events were removed before a webhook could deliver them");
      read_ = trimmed;
    }
    KP_TRY(const auto found, context_->feed.after(who_.channel, read_, feed_portion));
    for (const auto& each : found) {
      if (window_.size() >= limits_.window) return {};
      KP_TRY(const bool taken, take(each, now));
      if (!taken) return {};
      read_ = each.sequence;
    }
    may_have_more_ = found.size() == feed_portion;
  }
  return {};
}

result<bool> webhook_line::take(const storage::feed::entry& entry, time_point now) {
  newest_at_ = std::min(std::max(newest_at_, entry.event.at), now);
  KP_TRY(const bool wants, wanted(entry.event));
  if (settled_ahead_.erase(entry.sequence) > 0 || !wants) return true;
  auto d = delivery_of(entry);
  if (!lanes_.contains(d.message)) {
    d.since = newest_at_;
    window_.push_back({std::move(d)});
    return true;
  }
  if (parked_.size() >= limits_.parked) return false;
  d.since = d.due = now;
  park(std::move(d));
  return true;
}

webhook_line::slot* webhook_line::first_waiting() {
  const auto found = std::ranges::find_if(window_, [&](const slot& s) {
    return s.at == slot::stage::waiting && !flying_messages_.contains(s.what.message);
  });
  return found == window_.end() ? nullptr : &*found;
}

webhook_delivery webhook_line::fly(slot& s) {
  s.at = slot::stage::flying;
  flying_messages_.insert(s.what.message);
  ++flying_;
  return s.what;
}

webhook_delivery webhook_line::fly(std::uint64_t parked_sequence) {
  auto& event = parked_.at(parked_sequence);
  event.flying = true;
  queue_head(lanes_.at(event.what.message));
  ++flying_;
  return event.what;
}

result<std::optional<webhook_delivery>> webhook_line::next(time_point now) {
  using nothing = std::optional<webhook_delivery>;
  if (progress_.paused) return nothing{};
  KP_CHECK(fill(now));
  const bool probing = circuit_open();
  if (flying_ >= (probing ? 1 : limits_.in_flight)) return nothing{};
  if (probing && now < probe_at_) return nothing{};
  if (!probing && !ready_.empty() && ready_.begin()->first <= now)
    return std::optional(fly(ready_.begin()->second));
  // Full of parked events, only those are tried.
  if (parked_.size() < limits_.parked)
    if (auto* waiting = first_waiting()) return std::optional(fly(*waiting));
  if (probing && !ready_.empty()) return std::optional(fly(ready_.begin()->second));
  return nothing{};
}

void webhook_line::settle(std::uint64_t sequence, const webhook_outcome& outcome, time_point now) {
  const auto parked = parked_.find(sequence);
  const auto in_window = std::ranges::find_if(window_, [&](const slot& s) {
    return s.what.sequence == sequence && s.at == slot::stage::flying;
  });
  const bool was_parked = parked != parked_.end() && parked->second.flying;
  if (!was_parked && in_window == window_.end()) return;
  --flying_;
  if (!outcome.taken() && is_of_the_endpoint(outcome.status))
    endpoint_fails(outcome, now);
  else
    endpoint_lives(now);

  if (was_parked) {
    parked->second.flying = false;
    if (outcome.taken()) {
      kept_.unpark(pending_, who_.id, sequence);
      remove_parked(sequence, now);
    } else {
      keep_or_bury(parked->second.what, outcome, now);
    }
    return;
  }
  auto what = in_window->what;
  in_window->at = slot::stage::settled;
  flying_messages_.erase(what.message);
  if (!outcome.taken()) {
    // Dated back by a transport: it has its lifetime from now on.
    if (too_old(what, now)) what.since = now;
    const auto message = what.message;
    keep_or_bury(std::move(what), outcome, now);
    park_followers(message, now);
  }
  drop_settled();
  flush_at_ = std::min(flush_at_.value_or(now + flush_after), now + flush_after);
}

void webhook_line::endpoint_lives(time_point now) {
  const bool was_open = circuit_open();
  failures_ = 0;
  if (!was_open) return;
  say(log_level::info, "a webhook endpoint answers again");
  all_due(now);
}

void webhook_line::all_due(time_point now) {
  for (auto& [message, each] : lanes_) {
    auto& head = parked_.at(*each.sequences.begin()).what;
    head.due = std::min(head.due, now);
    queue_head(each);
  }
}

void webhook_line::endpoint_fails(const webhook_outcome& outcome, time_point now) {
  ++failures_;
  if (failures_ < limits_.failures_to_open) return;
  if (failures_ == limits_.failures_to_open)
    say(log_level::warning,
        "a webhook endpoint fails again and again; from now on it is only probed", outcome.why());
  probe_at_ =
      now + pause(failures_ - limits_.failures_to_open + 1, limits_.longest_probe_pause, outcome);
}

void webhook_line::keep_or_bury(webhook_delivery d, const webhook_outcome& outcome,
                                time_point now) {
  ++d.attempts;
  d.last_error = outcome.why();
  d.due = now + pause(d.attempts, limits_.longest_pause, outcome);
  if (outcome.status == 410 && !progress_.paused) {
    progress_.paused = now;
    progress_.why_paused = outcome.why();
    say(log_level::warning,
        "a webhook endpoint is gone (410); nothing is sent until the subscription is updated");
  }
  if (too_old(d, now)) {
    if (parked_.contains(d.sequence)) remove_parked(d.sequence, now);
    kept_.unpark(pending_, who_.id, d.sequence);
    return bury(std::move(d), now);
  }
  park(std::move(d));
}

void webhook_line::drop_settled() {
  while (!window_.empty() && window_.front().at == slot::stage::settled) window_.pop_front();
}

std::uint64_t webhook_line::cursor() const {
  return window_.empty() ? read_ : window_.front().what.sequence - 1;
}

std::optional<storage::batch> webhook_line::changes(time_point now) {
  if (committing_ || (commit_again_at_ && now < *commit_again_at_)) return std::nullopt;
  drop_settled();
  const auto at = cursor();
  const bool moved = at != stored_.sequence;
  const bool urgent = !pending_.empty() || progress_.paused != stored_.paused;
  if (moved && !urgent && !flush_at_) flush_at_ = now + flush_unwanted_after;
  if (!urgent && !(moved && now >= *flush_at_)) return std::nullopt;
  commit_again_at_.reset();
  flush_at_.reset();
  progress_.sequence = at;
  stored_ = progress_;
  kept_.put_progress(pending_, who_.id, progress_);
  kept_.require(pending_, who_);
  committing_ = std::exchange(pending_, {});
  return committing_;
}

void webhook_line::committed(bool durable, time_point now) {
  if (!committing_) return;
  if (!durable) {
    auto both = *std::move(committing_);
    both.include(pending_);
    pending_ = std::move(both);
    commit_again_at_ = now + commit_again_after;
  }
  committing_.reset();
}

std::optional<time_point> webhook_line::wakes() const {
  std::optional<time_point> first;
  const auto at = [&](time_point when) { first = std::min(first.value_or(when), when); };
  const bool held_up = progress_.paused || circuit_open();
  if (!held_up && !ready_.empty()) at(ready_.begin()->first);
  if (!progress_.paused && circuit_open() && flying_ == 0 && (!window_.empty() || !ready_.empty()))
    at(probe_at_);
  if (!by_age_.empty()) at(by_age_.begin()->first + limits_.give_up_after);
  if (held_up && !window_.empty()) at(window_.front().what.since + limits_.give_up_after);
  if (flush_at_) at(*flush_at_);
  if (commit_again_at_) at(*commit_again_at_);
  return first;
}

std::chrono::microseconds webhook_line::pause(std::uint32_t failures,
                                              std::chrono::microseconds longest,
                                              const webhook_outcome& outcome) const {
  constexpr std::uint32_t enough_doublings = 20;
  auto span = limits_.first_pause * (1u << std::min(failures - 1, enough_doublings));
  if (span > longest) span = longest;
  // A fifth more or less, so that what failed together does not come back together.
  const double jitter = 0.8 + 0.4 * context_->hub->random.unit();
  span = std::chrono::microseconds(
      static_cast<std::int64_t>(static_cast<double>(span.count()) * jitter));
  if (outcome.retry_after)
    span = std::max(span, std::min<std::chrono::microseconds>(*outcome.retry_after, longest));
  return span;
}

void webhook_line::say(log_level level, std::string_view what, std::string_view detail) const {
  const auto* channel = context_->channel(who_.channel);
  const auto target = http::parse_url(who_.push_endpoint);
  const auto id = std::to_string(who_.id);
  log(level, detail.empty() ? std::string(what) : std::string(what) + ": " + std::string(detail),
      {{"organisation", context_->id().to_string()},
       {"channel", channel ? channel->name.to_string() : ""},
       {"subscription", id},
       {"endpoint", target ? target->origin() : ""}});
}

}  // namespace kp::actors
