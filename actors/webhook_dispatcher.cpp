#include "actors/webhook_dispatcher.hpp"

#include "actors/webhook_desk.hpp"
#include "config/log.hpp"
#include "protocol/webhooks/push.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace kp::actors {

namespace {

// A post has ended; the ticket says which.
struct post_ended {
  std::uint64_t ticket = 0;
  webhook_outcome outcome;
};
struct feed_rung {
  channel_number channel{};
};
struct look_again {
  std::uint64_t epoch = 0;
};
struct load_again {};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::post_ended);
KP_MESSAGE(kp::actors::feed_rung);
KP_MESSAGE(kp::actors::look_again);
KP_MESSAGE(kp::actors::load_again);

namespace kp::actors {

namespace {

using std::chrono::microseconds;
using storage::row_id;

constexpr std::chrono::seconds load_again_after{5};
// Without anything planned, the lines are looked at this often, whatever the clock did.
constexpr std::chrono::minutes longest_sleep{1};
// What is due but held back by a bound goes on when something ends; this is for what was missed.
constexpr std::chrono::seconds shortest_sleep{1};
constexpr std::size_t leftovers_a_time = 1000;

class dispatcher {
 public:
  dispatcher(caf::event_based_actor* self, webhook_dispatcher_args args)
      : self_(self),
        args_(std::move(args)),
        kept_(args_.context->hub->store, args_.context->id()),
        desk_(surroundings()) {}

  void load() {
    auto all = kept_.all();
    if (!all) return load_later(all.error());
    for (const auto& each : *all) {
      if (lines_.contains(each.id) || !in().channel(each.channel)) continue;
      if (!add(each)) return;
    }
    loaded_ = true;
    clear_leftovers();
    pump();
  }

  void call(const webhook_call& c, const reply<api_answer>& answer) {
    if (!loaded_)
      return answer(
          refusal(api::try_later(503, "The hub is starting; try again"), c.call.path, now()));
    desk_.call(c, [answer](api_answer made) { answer(std::move(made)); });
  }

  void rung(channel_number channel) {
    if (const auto its = ears_.find(channel); its != ears_.end()) *its->second.on_its_way = false;
    for (auto& [id, line] : lines_)
      if (line->who().channel == channel) line->rung();
    pump();
  }

  void ended(const post_ended& what) {
    const auto found = posts_.find(what.ticket);
    if (found == posts_.end()) return;
    const auto then = std::move(found->second);
    posts_.erase(found);
    then(what.outcome);
    pump();
  }

  void look(const look_again& tick) {
    if (tick.epoch != epoch_) return;
    planned_.reset();
    pump();
  }

 private:
  struct ear {
    bells::subscription subscription;
    std::shared_ptr<std::atomic<bool>> on_its_way;
  };

  const organisation_context& in() const { return *args_.context; }
  time_point now() const { return in().hub->time.now(); }

  webhook_desk::surroundings surroundings() {
    webhook_desk::surroundings with;
    with.context = args_.context;
    with.means = args_.means;
    with.commit = [this](storage::batch changes, std::function<void(std::optional<error>)> done) {
      commit_batch(std::move(changes), std::move(done));
    };
    with.post = [this](webhook_push push, std::function<void(webhook_outcome)> done) {
      post(std::move(push), std::move(done));
    };
    with.line = [this](row_id id) {
      const auto found = lines_.find(id);
      return found == lines_.end() ? nullptr : found->second.get();
    };
    with.added = [this](const storage::subscription& s) {
      add(s);
      pump();
    };
    with.changed = [this](const storage::subscription& s) {
      if (const auto found = lines_.find(s.id); found != lines_.end())
        found->second->change(s, now());
      pump();
    };
    with.removed = [this](const storage::subscription& s) {
      lines_.erase(s.id);
      if (std::ranges::none_of(
              lines_, [&](const auto& each) { return each.second->who().channel == s.channel; }))
        ears_.erase(s.channel);
      clear_leftovers();
    };
    with.replayed = [this] { pump(); };
    return with;
  }

  bool add(const storage::subscription& s) {
    // First the ear, then the feed: nothing is missed in between.
    if (!ears_.contains(s.channel)) ears_.emplace(s.channel, listen(s.channel));
    auto limits = args_.limits;
    limits.give_up_after = in().hub->settings.webhooks.give_up_after;
    auto line = webhook_line::open(args_.context, s, limits);
    if (!line) {
      load_later(line.error());
      return false;
    }
    lines_.insert_or_assign(s.id, *std::move(line));
    return true;
  }

  ear listen(channel_number channel) {
    auto on_its_way = std::make_shared<std::atomic<bool>>(false);
    auto rung = [me = caf::actor_cast<caf::actor_addr>(self_), channel, on_its_way] {
      if (on_its_way->exchange(true)) return;
      if (auto target = caf::actor_cast<caf::actor>(me)) caf::anon_send(target, feed_rung{channel});
    };
    return {in().hub->feed_bells->listen({in().id(), channel}, std::move(rung)), on_its_way};
  }

  void load_later(const error& why) {
    log(log_level::error, "webhooks cannot be read now, tried again soon: " + why.message,
        {{"organisation", in().id().to_string()}});
    self_->delayed_send(self_, load_again_after, load_again{});
  }

  // Sends what may be sent, stores what has been settled, and plans when to look again. The lines
  // take turns in being first.
  void pump() {
    if (!loaded_ || lines_.empty()) return;
    auto at = lines_.upper_bound(last_first_);
    if (at == lines_.end()) at = lines_.begin();
    last_first_ = at->first;
    std::optional<time_point> wake;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      serve(*at->second);
      if (const auto when = at->second->wakes()) wake = std::min(wake.value_or(*when), *when);
      if (++at == lines_.end()) at = lines_.begin();
    }
    plan(wake);
  }

  void serve(webhook_line& line) {
    const auto failed = [&](const error& why) {
      log(log_level::error, "the events of a webhook cannot be read now: " + why.message,
          {{"organisation", in().id().to_string()}});
    };
    if (const auto done = line.expire(now()); !done) failed(done.error());
    while (line.in_flight() == 0 || flying_ < args_.in_flight) {
      const auto next = line.next(now());
      if (!next) failed(next.error());
      if (!next || !*next) break;
      send(line, **next);
    }
    store(line);
  }

  void send(webhook_line& line, const storage::webhook_delivery& what) {
    ++flying_;
    auto settled = [this, id = line.who().id,
                    sequence = what.sequence](const webhook_outcome& outcome) {
      --flying_;
      if (const auto found = lines_.find(id); found != lines_.end())
        found->second->settle(sequence, outcome, now());
    };
    const auto secrets = open_secrets(in(), *args_.means, line.who(), now());
    if (!secrets) {
      webhook_outcome outcome;
      outcome.problem = secrets.error().message;
      return settled(outcome);
    }
    webhook_push push;
    push.url = line.who().push_endpoint;
    push.body = webhooks::event_body({what.at, what.message, what.conversation, what.way, what.via,
                                      to_string(what.name), what.description});
    const auto event_id =
        fmt::format("{}-{}-{}", in().id().to_string(),
                    static_cast<std::uint32_t>(line.who().channel), what.sequence);
    push.headers = webhooks::push_headers(push.body, now(), *secrets, event_id, what.attempts + 1);
    post(std::move(push), std::move(settled));
  }

  void post(webhook_push push, std::function<void(webhook_outcome)> then) {
    const auto ticket = ++last_ticket_;
    posts_.emplace(ticket, std::move(then));
    args_.means->transport->post(std::move(push), [me = caf::actor_cast<caf::actor_addr>(self_),
                                                   ticket](webhook_outcome outcome) {
      if (auto target = caf::actor_cast<caf::actor>(me))
        caf::anon_send(target, post_ended{ticket, std::move(outcome)});
    });
  }

  void store(webhook_line& line) {
    auto changes = line.changes(now());
    if (!changes) return;
    commit_batch(*std::move(changes), [this,
                                       id = line.who().id](const std::optional<error>& failure) {
      const auto found = lines_.find(id);
      if (found == lines_.end()) return;
      if (failure && failure->code == storage::storage_errc::precondition_failed) {
        lines_.erase(found);  // the subscription is gone
        return clear_leftovers();
      }
      if (failure)
        log(log_level::error, "what webhooks delivered cannot be stored now: " + failure->message,
            {{"organisation", in().id().to_string()}});
      found->second->committed(!failure, now());
      pump();
    });
  }

  void commit_batch(storage::batch changes, std::function<void(std::optional<error>)> done) {
    self_
        ->request(args_.writer, caf::infinite,
                  commit{std::make_shared<storage::batch>(std::move(changes))})
        .then([done](const committed& answer) { done(answer.failure); },
              [done, this](const caf::error& why) {
                done(transient(storage::storage_errc::io, self_->system().render(why)));
              });
  }

  void clear_leftovers() {
    storage::batch changes;
    const auto more = kept_.clear(changes, leftovers_a_time);
    if (!more || changes.empty()) return;  // the next start finds what is left
    commit_batch(std::move(changes), [this, again = *more](const std::optional<error>& failure) {
      if (!failure && again) clear_leftovers();
    });
  }

  void plan(std::optional<time_point> wake) {
    const auto at = std::clamp(wake.value_or(now() + longest_sleep), now() + shortest_sleep,
                               now() + longest_sleep);
    const auto soon = wake && *wake > now() && *wake < at ? *wake : at;
    if (planned_ && *planned_ <= soon && *planned_ > now()) return;
    planned_ = soon;
    // Delayed messages cannot be called back: a newer epoch makes older ones void.
    self_->delayed_send(self_, microseconds(soon - now()), look_again{++epoch_});
  }

  caf::event_based_actor* self_;
  webhook_dispatcher_args args_;
  storage::subscriptions kept_;
  webhook_desk desk_;
  std::map<row_id, std::unique_ptr<webhook_line>> lines_;
  std::map<channel_number, ear> ears_;
  row_id last_first_ = 0;
  bool loaded_ = false;
  std::size_t flying_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, std::function<void(webhook_outcome)>> posts_;
  std::uint64_t epoch_ = 0;
  std::optional<time_point> planned_;
};

// What it throws is a bug: logged, and the dispatcher lives on.
template <class Part>
void guarded(Part part) {
  try {
    part();
  } catch (const std::exception& e) {
    log(log_level::error, std::string("webhooks could not handle a message: ") + e.what());
  }
}

}  // namespace

caf::behavior webhook_dispatcher(caf::event_based_actor* self, webhook_dispatcher_args args) {
  const auto context = args.context;
  auto state = std::make_shared<dispatcher>(self, std::move(args));
  state->load();
  return {
      [=](const webhook_call& request) -> caf::result<api_answer> {
        auto promise = self->make_response_promise();
        const reply<api_answer> answer(
            promise, refusal(api::internal("The hub could not handle the request"),
                             request.call.path, context->hub->time.now()));
        guarded([&] { state->call(request, answer); });
        return promise;
      },
      [=](const settings_changed&) { /* who has other channels is started anew */ },
      [=](const feed_rung& bell) { guarded([&] { state->rung(bell.channel); }); },
      [=](const post_ended& what) { guarded([&] { state->ended(what); }); },
      [=](const look_again& tick) { guarded([&] { state->look(tick); }); },
      [=](const load_again&) { guarded([&] { state->load(); }); },
  };
}

}  // namespace kp::actors
