#include "actors/channel_upkeep.hpp"

#include "actors/retrying_commit.hpp"
#include "config/log.hpp"
#include "storage/idempotent_answers.hpp"

namespace kp::actors {

namespace {

constexpr std::size_t removals_per_commit = 500;
constexpr auto round_every = storage::feed::mark_every;

}  // namespace

channel_upkeep::channel_upkeep(caf::event_based_actor* self,
                               std::shared_ptr<organisation_context> context, caf::actor writer)
    : self_(self), context_(std::move(context)), writer_(std::move(writer)) {}

void channel_upkeep::tend_all() {
  const auto known = storage::channel_registry(context_->hub->store, context_->id()).all();
  left_.clear();
  if (known)
    for (const auto& each : *known) left_.push_back(each.number);
  else
    complain(known.error());
  next();
}

void channel_upkeep::next() {
  if (left_.empty()) {
    self_->delayed_send(self_, round_every, tend_channels{});
    return;
  }
  const auto channel = left_.back();
  const auto more = std::make_shared<bool>(false);
  commit_decision(
      self_, writer_,
      [this, channel, more]() -> result<storage::batch> {
        storage::batch changes;
        KP_TRY(*more, collect(changes, channel));
        return changes;
      },
      [this, more](result<void> done) {
        if (!done) complain(done.error());
        if (!done || !*more) left_.pop_back();
        next();
      });
}

result<bool> channel_upkeep::collect(storage::batch& changes, channel_number channel) const {
  const auto now = context_->hub->time.now();
  KP_TRY(const bool more_events,
         context_->feed.trim(changes, channel, now, context_->hub->settings.events_keep,
                             removals_per_commit));
  const storage::idempotent_answers answers(context_->hub->store, context_->id());
  KP_TRY(const bool more_answers, answers.sweep(changes, channel, now, removals_per_commit));
  return more_events || more_answers;
}

void channel_upkeep::complain(const error& why) const {
  log(log_level::warning, "what is too old stays a while longer: " + why.message,
      {{"organisation", context_->id().to_string()}});
}

}  // namespace kp::actors
