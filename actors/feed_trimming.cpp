#include "actors/feed_trimming.hpp"

#include "actors/retrying_commit.hpp"
#include "config/log.hpp"

namespace kp::actors {

namespace {

constexpr std::size_t events_per_commit = 500;
constexpr auto round_every = storage::feed::mark_every;

}  // namespace

feed_trimming::feed_trimming(caf::event_based_actor* self,
                             std::shared_ptr<organisation_context> context, caf::actor writer)
    : self_(self), context_(std::move(context)), writer_(std::move(writer)) {}

void feed_trimming::trim_all() {
  const auto known = storage::channel_registry(context_->hub->store, context_->id()).all();
  left_.clear();
  if (known)
    for (const auto& each : *known) left_.push_back(each.number);
  else
    log(log_level::warning, "events not trimmed, tried again later: " + known.error().message,
        {{"organisation", context_->id().to_string()}});
  next();
}

void feed_trimming::next() {
  if (left_.empty()) {
    self_->delayed_send(self_, round_every, trim_feeds{});
    return;
  }
  const auto channel = left_.back();
  const auto more = std::make_shared<bool>(false);
  commit_decision(
      self_, writer_,
      [this, channel, more]() -> result<storage::batch> {
        storage::batch changes;
        KP_TRY(*more, context_->feed.trim(changes, channel, context_->hub->time.now(),
                                          context_->hub->settings.events_keep, events_per_commit));
        return changes;
      },
      [this, more](result<void> done) {
        if (!done)
          log(log_level::warning, "events not trimmed, tried again later: " + done.error().message,
              {{"organisation", context_->id().to_string()}});
        if (!done || !*more) left_.pop_back();
        next();
      });
}

}  // namespace kp::actors
