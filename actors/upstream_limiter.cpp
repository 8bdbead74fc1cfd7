#include "actors/upstream_limiter.hpp"

#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <set>

namespace kp::actors {

namespace {

using std::chrono::microseconds;

// Idle buckets are removed when there are more than this, and again at each doubling.
constexpr std::size_t sweep_from = 1024;
// Answered waiters stay behind as markers in the queue by age; it is tidied beyond this many.
constexpr std::size_t tidy_from = 64;

struct wake {
  std::uint64_t epoch = 0;
};

struct waiter {
  reply<acquired> answer;
  time_point since;
  bool answered = false;
};

// A token bucket whose burst is a tenth of the quota and that refills so slowly that no window of a
// minute, wherever it begins, ever holds more than the quota. Kept as the time at which it would be
// full again: one number, no drift.
class tokens {
 public:
  explicit tokens(std::size_t per_minute) {
    const auto quota = static_cast<std::int64_t>(std::max<std::size_t>(per_minute, 1));
    burst_ = std::max<std::int64_t>(quota / 10, 1);
    const std::int64_t minute = 60'000'000;
    const std::int64_t refills = quota - burst_ + 1;
    interval_ = microseconds((minute + refills - 1) / refills);
  }

  // When the `ahead`-th token after the next one can be had.
  time_point ready(time_point now, std::size_t ahead = 0) const {
    const auto full = std::max(full_at_, now) + interval_ * static_cast<std::int64_t>(ahead);
    return std::max({now, full - interval_ * (burst_ - 1), blocked_until_});
  }
  void take(time_point now) { full_at_ = std::max(full_at_, now) + interval_; }
  void block(time_point until) { blocked_until_ = std::max(blocked_until_, until); }
  bool idle(time_point now) const { return full_at_ <= now && blocked_until_ <= now; }

 private:
  std::int64_t burst_ = 1;
  microseconds interval_{};
  time_point full_at_{};
  time_point blocked_until_{};
};

// Who waits for one bucket: first come first served within an organisation, one turn after the
// other between organisations.
class bucket {
 public:
  explicit bucket(std::size_t per_minute) : tokens_(per_minute) {}

  std::size_t waiting() const { return waiting_; }
  bool idle(time_point now) const { return waiting_ == 0 && tokens_.idle(now); }
  void block(time_point until) { tokens_.block(until); }

  // When a request of `organisation` that joins now would have its turn.
  time_point turn_of(organisation_id organisation, time_point now) const {
    const auto its = queues_.find(organisation);
    const std::size_t rounds = 1 + (its == queues_.end() ? 0 : its->second.size());
    std::size_t ahead = rounds - 1;
    for (const auto& [other, queue] : queues_)
      if (other != organisation) ahead += std::min(queue.size(), rounds);
    return tokens_.ready(now, ahead);
  }

  void join(organisation_id organisation, std::shared_ptr<waiter> who) {
    auto& queue = queues_[organisation];
    if (queue.empty()) turns_.push_back(organisation);
    queue.push_back(who);
    by_age_.push_back(std::move(who));
    ++waiting_;
  }

  // Answers everybody whose turn has come, and everybody who has waited for too long.
  void serve(time_point now, std::chrono::seconds max_wait) {
    while (waiting_ > 0 && tokens_.ready(now) <= now) {
      auto next = take_turn();
      if (next->since + max_wait < now) {
        refuse(*next);
        continue;
      }
      tokens_.take(now);
      next->answered = true;
      next->answer(acquired{});
    }
    drop_answered();
    while (!by_age_.empty() && by_age_.front()->since + max_wait < now) {
      refuse(*by_age_.front());
      remove_from_queues(by_age_.front());
      drop_answered();
    }
  }

  // When serve() has something to do again.
  std::optional<time_point> next(time_point now, std::chrono::seconds max_wait) const {
    if (waiting_ == 0) return std::nullopt;
    const auto too_late = by_age_.front()->since + max_wait + microseconds(1);
    return std::min(tokens_.ready(now), too_late);
  }

 private:
  std::shared_ptr<waiter> take_turn() {
    const auto organisation = turns_.front();
    turns_.pop_front();
    auto queue = queues_.find(organisation);
    auto next = std::move(queue->second.front());
    queue->second.pop_front();
    --waiting_;
    if (queue->second.empty())
      queues_.erase(queue);
    else
      turns_.push_back(organisation);
    return next;
  }

  static void refuse(waiter& who) {
    who.answered = true;
    who.answer(acquired{transient(http::http_errc::rate_limited,
                                  "no turn came in time under the national rate limit")});
  }

  // The oldest of all is the first of its organisation.
  void remove_from_queues(const std::shared_ptr<waiter>& who) {
    for (auto at = queues_.begin(); at != queues_.end(); ++at) {
      if (at->second.front() != who) continue;
      at->second.pop_front();
      --waiting_;
      if (at->second.empty()) {
        std::erase(turns_, at->first);
        queues_.erase(at);
      }
      return;
    }
  }

  void drop_answered() {
    while (!by_age_.empty() && by_age_.front()->answered) by_age_.pop_front();
    if (by_age_.size() > 2 * waiting_ + tidy_from)
      std::erase_if(by_age_, [](const auto& who) { return who->answered; });
  }

  tokens tokens_;
  std::map<organisation_id, std::deque<std::shared_ptr<waiter>>> queues_;  // none is empty
  std::list<organisation_id> turns_;
  // Answered ones leave when they come to the front.
  std::list<std::shared_ptr<waiter>> by_age_;
  std::size_t waiting_ = 0;
};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::wake);

namespace kp::actors {

namespace {

class limiter {
 public:
  limiter(caf::event_based_actor* self, upstream_limiter_args args)
      : self_(self), args_(std::move(args)) {}

  void on_acquire(const acquire& request, caf::response_promise promise) {
    const auto now = args_.time->now();
    reply<acquired> answer(std::move(promise),
                           acquired{transient(http::http_errc::cancelled, "the hub is stopping")});
    auto& its = find(request.client, request.endpoint, now);
    if (its.waiting() >= args_.max_waiting) {
      answer(acquired{transient(
          http::http_errc::rate_limited,
          fmt::format("{} requests wait for \"{}\" already", its.waiting(), request.endpoint))});
      return;
    }
    const auto turn = its.turn_of(request.organisation, now);
    if (turn - now > args_.max_wait) {
      const auto wait = std::chrono::ceil<std::chrono::seconds>(turn - now);
      auto why = transient(http::http_errc::rate_limited,
                           fmt::format("the turn for \"{}\" would come in {} s, which is too late",
                                       request.endpoint, wait.count()));
      why.retry_after = wait;
      answer(acquired{std::move(why)});
      return;
    }
    its.join(request.organisation, std::make_shared<waiter>(std::move(answer), now));
    its.serve(now, args_.max_wait);
    if (its.waiting() > 0) busy_.insert(&its);
    schedule(its.next(now, args_.max_wait));
  }

  void on_back_off(const back_off& said) {
    const auto now = args_.time->now();
    auto& its = find(said.client, said.endpoint, now);
    its.block(now + said.how_long);
    schedule(its.next(now, args_.max_wait));
  }

  void on_wake(const wake& tick) {
    if (tick.epoch != epoch_) return;
    wake_at_.reset();
    const auto now = args_.time->now();
    std::optional<time_point> next;
    std::erase_if(busy_, [&](bucket* its) {
      its->serve(now, args_.max_wait);
      const auto at = its->next(now, args_.max_wait);
      if (at && (!next || *at < *next)) next = at;
      return !at;
    });
    schedule(next);
  }

 private:
  using key = std::pair<std::string, std::string>;

  bucket& find(const std::string& client, const std::string& endpoint, time_point now) {
    if (const auto found = buckets_.find({client, endpoint}); found != buckets_.end())
      return found->second;
    if (buckets_.size() >= sweep_at_) {
      std::erase_if(buckets_, [&](const auto& entry) { return entry.second.idle(now); });
      sweep_at_ = std::max(sweep_from, 2 * buckets_.size());
    }
    return buckets_.try_emplace({client, endpoint}, quota_of(endpoint)).first->second;
  }

  std::size_t quota_of(std::string_view endpoint) const {
    if (endpoint.starts_with("correspondence ")) return args_.correspondence_per_minute;
    return endpoint == "search" ? args_.search_per_minute : args_.calls_per_minute;
  }

  void schedule(std::optional<time_point> at) {
    if (!at || (wake_at_ && *wake_at_ <= *at)) return;
    wake_at_ = at;
    const auto now = args_.time->now();
    // Delayed messages cannot be called back: a newer epoch makes older ones void.
    self_->delayed_send(self_, std::max(microseconds(0), *at - now), wake{++epoch_});
  }

  caf::event_based_actor* self_;
  upstream_limiter_args args_;
  std::map<key, bucket> buckets_;
  std::set<bucket*> busy_;  // those that somebody waits for
  std::size_t sweep_at_ = sweep_from;
  std::optional<time_point> wake_at_;
  std::uint64_t epoch_ = 0;
};

}  // namespace

caf::behavior upstream_limiter(caf::event_based_actor* self, upstream_limiter_args args) {
  auto state = std::make_shared<limiter>(self, std::move(args));
  return {
      [=](const acquire& request) -> caf::result<acquired> {
        auto promise = self->make_response_promise();
        state->on_acquire(request, promise);
        return promise;
      },
      [=](const back_off& said) { state->on_back_off(said); },
      [=](const wake& tick) { state->on_wake(tick); },
  };
}

}  // namespace kp::actors
