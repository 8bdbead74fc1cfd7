#include "actors/deadlines.hpp"

#include "actors/channel_upkeep.hpp"
#include "actors/retrying_commit.hpp"
#include "config/log.hpp"
#include "storage/status_rules.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace kp::actors {

namespace {

// One conversation at a time is ended, from lists of this length.
constexpr std::size_t batch_limit = 100;
// Also without a nudge, the store is looked at this often: a clock that was set back and forth
// again must not silence the deadlines.
constexpr std::chrono::minutes longest_sleep{10};
constexpr std::chrono::seconds after_trouble{30};
constexpr std::chrono::seconds between_nudges{1};

struct look {
  std::uint64_t epoch = 0;
};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::look);

namespace kp::actors {

namespace {

using std::chrono::microseconds;

class keeper {
 public:
  keeper(caf::event_based_actor* self, deadlines_args args) : self_(self), args_(std::move(args)) {}

  void use(const settings_changed& now) { args_.context = now.context; }

  // Something is to be watched that was not there before. Many a second share one look.
  void nudge() {
    const auto since = now() - last_look_;
    if (busy_ || since < microseconds(0) || since >= between_nudges) return look_now();
    if (nudged_) return;
    nudged_ = true;
    wake_in(between_nudges - since);
  }

  // Ends what has passed, then sleeps until the next one.
  void look_now() {
    nudged_ = false;
    last_look_ = now();
    if (busy_) {
      again_ = true;
      return;
    }
    auto list = in().conversations.expired(now(), batch_limit);
    if (!list) return trouble(list.error());
    if (list->empty()) return sleep();
    busy_ = true;
    progress_ = false;
    overdue_ = *std::move(list);
    std::ranges::reverse(overdue_);  // the oldest is taken from the back
    end_next();
  }

  void on_look(const look& tick) {
    if (tick.epoch == epoch_) look_now();
  }

 private:
  const organisation_context& in() const { return *args_.context; }
  time_point now() const { return in().hub->time.now(); }

  void end_next() {
    if (overdue_.empty()) {
      busy_ = false;
      if (progress_) return look_now();
      return wake_in(after_trouble);  // what is listed cannot be ended: do not spin
    }
    const auto c = overdue_.back();
    overdue_.pop_back();
    const auto freed = std::make_shared<std::vector<storage::blob_ref>>();
    commit_decision(
        self_, args_.writer,
        [this, c, freed] {
          auto changes = decide(c, *freed);
          if (changes && !changes->empty()) progress_ = true;
          return changes;
        },
        [this, c, freed](result<void> done) {
          if (!done) {
            busy_ = false;
            overdue_.clear();
            return trouble(done.error());
          }
          log(log_level::info, "the lifetime of a message has passed",
              {{"organisation", in().id().to_string()},
               {"direction", to_string(c.way)},
               {"service", to_string(c.via)},
               {"message_id", c.message.to_string()},
               {"conversation_id", c.conversation_ref.to_string()}});
          release(*freed);
          end_next();
        });
  }

  result<storage::batch> decide(const storage::conversation& listed,
                                std::vector<storage::blob_ref>& freed) const {
    freed.clear();
    storage::batch changes;
    KP_TRY(auto c, in().conversations.find(listed.channel, listed.id));
    if (!c || c->finished || !c->expires || *c->expires > now()) return changes;
    const auto registered =
        storage::register_status(changes, in().conversations, in().statuses, *in().ids, *c,
                                 {storage::status_name::levetid_utlopt, {}, {}, now()});
    if (!registered) return registered.error();
    if (!storage::arrived(*c)) return changes;

    // A message without a time of its own stays in the inbox: only its conversation has ended.
    KP_TRY(const auto unread, in().inbox.find(c->message));
    if (!unread || unread->channel != c->channel || !unread->expires || *unread->expires > now())
      return changes;
    in().inbox.remove(changes, *unread, std::nullopt);
    if (unread->content) {
      in().hub->blobs.remove(changes, in().id(), *unread->content);
      freed.push_back(*unread->content);
    }
    return changes;
  }

  void release(const std::vector<storage::blob_ref>& freed) const {
    if (freed.empty()) return;
    http::asio::post(in().hub->workers, [context = args_.context, freed] {
      for (const auto& ref : freed) context->hub->blobs.release(context->id(), ref);
    });
  }

  void sleep() {
    if (again_) {
      again_ = false;
      return look_now();
    }
    const auto next = in().conversations.next_expiry();
    if (!next) return trouble(next.error());
    microseconds delay = longest_sleep;
    if (*next) delay = std::clamp<microseconds>(**next - now(), microseconds(0), delay);
    wake_in(delay);
  }

  void trouble(const error& why) {
    log(log_level::error, "deadlines cannot be kept now, tried again soon: " + why.message,
        {{"organisation", in().id().to_string()}});
    again_ = false;
    wake_in(after_trouble);
  }

  // Delayed messages cannot be called back: a newer epoch makes older ones void.
  void wake_in(microseconds delay) { self_->delayed_send(self_, delay, look{++epoch_}); }

  caf::event_based_actor* self_;
  deadlines_args args_;
  std::vector<storage::conversation> overdue_;
  bool busy_ = false;
  bool progress_ = false;
  bool again_ = false;   // a nudge came while busy
  bool nudged_ = false;  // a look that a nudge asked for is planned
  time_point last_look_{};
  std::uint64_t epoch_ = 0;
};

}  // namespace

caf::behavior deadlines(caf::event_based_actor* self, deadlines_args args) {
  auto upkeep = std::make_shared<channel_upkeep>(self, args.context, args.writer);
  auto state = std::make_shared<keeper>(self, std::move(args));
  state->look_now();
  upkeep->tend_all();
  return {
      [=](const expiry_changed&) { state->nudge(); },
      [=](const settings_changed& now) { state->use(now); },
      [=](const look& tick) { state->on_look(tick); },
      [=](const tend_channels&) { upkeep->tend_all(); },
  };
}

}  // namespace kp::actors
