#include "actors/statistics_keeper.hpp"

#include "actors/alert_rules.hpp"
#include "actors/retrying_commit.hpp"
#include "actors/status_tally.hpp"
#include "config/log.hpp"
#include "metrics/hub_meters.hpp"
#include "storage/alerts.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

struct keep_statistics {};  // the next step is due
struct trim_statistics {};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::keep_statistics);
KP_MESSAGE(kp::actors::trim_statistics);

namespace kp::actors {

namespace {

constexpr std::chrono::seconds flush_every{60};
constexpr std::chrono::seconds after_trouble{30};
constexpr std::chrono::hours trim_every{1};
constexpr std::size_t events_at_once = 2000;
constexpr std::size_t trimmed_at_once = 2000;
constexpr std::size_t most_alerts = 10'000;  // waiting
constexpr std::size_t organisations_at_once = 20;
constexpr std::size_t rows_remembered_at_most = 100'000;  // of one organisation

class keeper {
 public:
  keeper(caf::event_based_actor* self, statistics_keeper_args args)
      : self_(self),
        args_(std::move(args)),
        kept_(args_.hub->store),
        alerts_(args_.hub->store),
        rules_(args_.hub->settings.alerts) {}

  void step() {
    switch (phase_) {
      case phase::starting:
        return mark();
      case phase::remembering:
        return remember();
      case phase::replaying:
        return replay();
      case phase::counting:
        // Also without news, what is not delivered gets older.
        if (args_.hub->tally->idle() && waiting_.empty() && !silence_is_due()) return later();
        return mark();
    }
  }

  // Rows of hours that are too old, of one organisation after the other.
  void trim() {
    if (to_trim_.empty()) {
      auto all = storage::stored_organisations(args_.hub->store);
      if (!all) {
        trouble(all.error());
        return self_->delayed_send(self_, trim_every, trim_statistics{});
      }
      to_trim_ = *std::move(all);
    }
    if (to_trim_.empty()) return self_->delayed_send(self_, trim_every, trim_statistics{});
    const auto organisation = to_trim_.back();
    const auto more = std::make_shared<bool>(false);
    commit_decision(
        self_, args_.writer,
        [this, organisation, more]() -> result<storage::batch> {
          const auto keep = std::chrono::hours(24) * args_.hub->settings.statistics_keep_days;
          storage::batch b;
          KP_TRY(*more,
                 kept_.trim(b, organisation, storage::hour_of(now() - keep), trimmed_at_once));
          return b;
        },
        [this, more](result<void> done) {
          if (!done || !*more) to_trim_.pop_back();
          if (!done) trouble(done.error());
          if (to_trim_.empty()) return self_->delayed_send(self_, trim_every, trim_statistics{});
          self_->send(self_, trim_statistics{});
        });
  }

 private:
  enum class phase { starting, remembering, replaying, counting };

  time_point now() const { return args_.hub->time.now(); }
  void later() { self_->delayed_send(self_, flush_every, keep_statistics{}); }
  void trouble(const error& why) const {
    log(log_level::error, "statistics cannot be kept now, tried again soon: " + why.message);
  }
  void again_after(const error& why) {
    trouble(why);
    self_->delayed_send(self_, after_trouble, keep_statistics{});
  }

  // Silences begin and end by the hour.
  bool silence_is_due() const { return storage::hour_of(now()) != judged_hour_; }

  void mark() {
    commit_decision(
        self_, args_.writer,
        []() -> result<storage::batch> {
          storage::batch b;
          storage::statistics::put_mark(b);
          return b;
        },
        [this](result<void> done) {
          if (!done) return again_after(done.error());
          const auto newest = kept_.newest_mark();
          if (!newest) return again_after(newest.error());
          mark_ = *newest;
          // What the tally has from before the first mark is counted from the feeds.
          auto closed = args_.hub->tally->take_closed();
          if (phase_ == phase::starting) return begin_anew();
          waiting_.include(std::move(closed));
          add();
        });
  }

  void begin_anew() {
    const auto from = kept_.counted_until();
    if (!from) return again_after(from.error());
    auto all = storage::stored_organisations(args_.hub->store);
    if (!all) return again_after(all.error());
    from_ = *from;
    waiting_ = {};
    rules_ = alert_rules(args_.hub->settings.alerts);
    to_remember_ = *std::move(all);
    phase_ = phase::remembering;
    step();
  }

  // What is known of the hours before: since when nothing has been delivered. A few organisations
  // at a time, so that nobody waits for this actor's turn to end.
  void remember() {
    const auto read = remember_some();
    if (!read) {
      phase_ = phase::starting;
      return again_after(read.error());
    }
    if (!to_remember_.empty()) return self_->send(self_, keep_statistics{});
    walk_.emplace(args_.hub->store, from_, mark_);
    phase_ = phase::replaying;
    step();
  }

  result<void> remember_some() {
    storage::status_counts counted;
    const auto first = rules_.first_hour(now());
    for (std::size_t i = 0; i < organisations_at_once && !to_remember_.empty(); ++i) {
      KP_TRY(const auto rows,
             kept_.read(to_remember_.back(), first, UINT32_MAX, rows_remembered_at_most));
      for (const auto& row : rows) counted[row.key] += row.count;
      to_remember_.pop_back();
    }
    rules_.remember(counted);
    if (!to_remember_.empty()) return {};
    KP_TRY(const auto told, alerts_.silences());
    rules_.remember(told);
    return {};
  }

  void replay() {
    const auto more =
        walk_->next(events_at_once, [this](organisation_id whose, const storage::channel_event& e) {
          waiting_.count(whose, e);
        });
    if (!more) {
      phase_ = phase::starting;
      return again_after(more.error());
    }
    if (*more) return self_->send(self_, keep_statistics{});
    walk_.reset();
    // What happened before there were statistics is nobody's news.
    if (from_ == 0) waiting_.wrong.clear();
    add();
  }

  // One commit: totals, how far they go, and what operators are told.
  void add() {
    storage::batch told;
    const auto at = now();
    auto news = rules_.judge(told, waiting_, at);
    judged_hour_ = storage::hour_of(at);
    news_ = std::move(news);
    noted_ = std::move(told);
    commit_decision(
        self_, args_.writer,
        [this]() -> result<storage::batch> {
          KP_TRY(const auto reached, kept_.counted_until());
          if (reached != from_)
            return transient(storage::storage_errc::precondition_failed,
                             "statistics have been added up to another place meanwhile");
          storage::batch b;
          KP_CHECK(kept_.add(b, waiting_.counts, mark_));
          b.include(noted_);
          KP_CHECK(keep_news(b));
          return b;
        },
        [this](result<void> done) {
          if (!done) {
            // Begins anew from the store, which says what has been added and what has not.
            phase_ = phase::starting;
            news_.clear();
            noted_ = {};
            return again_after(done.error());
          }
          phase_ = phase::counting;
          from_ = mark_;
          waiting_ = {};
          noted_ = {};
          tell();
          later();
        });
  }

  result<void> keep_news(storage::batch& b) const {
    if (news_.empty() || !args_.hub->settings.alerts.tells_anybody()) return {};
    KP_TRY(const auto waiting, alerts_.after(0, most_alerts));
    if (waiting.size() >= most_alerts) {
      log(log_level::error, "too many alerts wait to be told; the newest are only logged");
      return {};
    }
    for (const auto& each : news_) storage::alerts::append(b, each);
    return {};
  }

  void tell() {
    for (const auto& each : news_) {
      args_.hub->meters->alerts.with({{"kind", std::string(to_string(each.kind))}}).add();
      log(log_level::warning, text_of(each),
          {{"organisation", each.organisation.to_string()},
           {"service", to_string(each.via)},
           {"alert", to_string(each.kind)}});
    }
    news_.clear();
  }

  static std::string text_of(const storage::alert& what) {
    switch (what.kind) {
      case storage::alert_kind::failed:
        return std::to_string(what.count) + " messages got the status FEIL";
      case storage::alert_kind::expired:
        return std::to_string(what.count) + " messages got the status LEVETID_UTLOPT";
      case storage::alert_kind::silence:
        return "messages are sent and none is delivered, since " + format_timestamp(what.since);
      case storage::alert_kind::silence_ended:
        return "messages are delivered again";
      case storage::alert_kind::parked:
        break;  // not by the hour: who parks a delivery tells of it
    }
    return {};
  }

  caf::event_based_actor* self_;
  statistics_keeper_args args_;
  storage::statistics kept_;
  storage::alerts alerts_;
  alert_rules rules_;
  phase phase_ = phase::starting;
  storage::sequence_number from_ = 0, mark_ = 0;  // the stretch that is being counted
  std::optional<storage::feed_walk> walk_;
  tally_part waiting_;                // counted, and not in the store
  std::vector<storage::alert> news_;  // judged, and not in the store
  storage::batch noted_;              // goes with them
  storage::hour_number judged_hour_ = 0;
  std::vector<organisation_id> to_remember_, to_trim_;
};

}  // namespace

caf::behavior statistics_keeper(caf::event_based_actor* self, statistics_keeper_args args) {
  auto state = std::make_shared<keeper>(self, std::move(args));
  self->send(self, keep_statistics{});
  self->delayed_send(self, trim_every, trim_statistics{});
  return {
      [=](const keep_statistics&) { state->step(); },
      [=](const trim_statistics&) { state->trim(); },
  };
}

}  // namespace kp::actors
