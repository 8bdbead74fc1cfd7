#include "actors/organisation.hpp"

#include "actors/bridge.hpp"
#include "actors/channel.hpp"
#include "actors/channel_router.hpp"
#include "actors/deadlines.hpp"
#include "actors/operator_desk.hpp"
#include "actors/organisation_adapters.hpp"
#include "actors/organisation_channels.hpp"
#include "actors/registry_desk.hpp"
#include "actors/report_intake.hpp"
#include "actors/retrying_commit.hpp"
#include "actors/seat_messages.hpp"
#include "actors/supervision.hpp"
#include "actors/webhook_dispatcher.hpp"
#include "metrics/hub_meters.hpp"
#include "storage/channel_moves.hpp"
#include "storage/channel_numbers.hpp"
#include "storage/reindex.hpp"
#include "storage/storage_error.hpp"
#include "storage/subscriptions.hpp"
#include "tenants/changes.hpp"

#include <algorithm>
#include <set>

namespace kp::actors {

namespace {

constexpr std::chrono::milliseconds turn_deadline{130'000};
constexpr std::chrono::seconds number_again_after{5};
constexpr std::size_t index_rows_at_once = 1000;

constexpr std::chrono::milliseconds look_again{200};
constexpr std::size_t records_at_once = 200;
constexpr std::size_t most_counted = 1000;

struct number_channels {};
struct move_records {};
struct end_look {  // only the newest counts
  std::uint64_t epoch = 0;
};

// The national limits, as a coroutine waits for them.
upstream::turn turns(caf::event_based_actor* self, const organisation_args& args) {
  return [&system = self->system(), limiter = args.limiter, id = args.settings->id](
             std::string client, std::string endpoint) -> http::awaitable<result<void>> {
    return [](caf::actor_system& in, caf::actor to,
              acquire request) -> http::awaitable<result<void>> {
      auto answer = co_await ask<acquired>(in, std::move(to), std::move(request), turn_deadline);
      if (!answer) co_return answer.error();
      if (answer->failure) co_return *answer->failure;
      co_return result<void>{};
    }(system, limiter, acquire{std::move(client), std::move(endpoint), id});
  };
}

// What one organisation is told by a national service holds for all that share its client.
upstream::rest rests(const organisation_args& args) {
  return [limiter = args.limiter](std::string client, std::string endpoint,
                                  std::chrono::seconds how_long) {
    caf::anon_send(limiter, back_off{std::move(client), std::move(endpoint), how_long});
  };
}

class house {
 public:
  house(caf::event_based_actor* self, organisation_args args)
      : self_(self),
        args_(std::move(args)),
        children_(self, args_.settings->id.to_string(),
                  [meters = args_.hub->meters] { meters->actor_restarts.add(); }),
        adapters_(self, children_, [this] { return adapter_args(); }),
        channels_(self, children_, args_.gateway,
                  [this](channel_number number) { return how_to_make(number); }),
        ids_(std::make_shared<storage::row_ids>(args_.hub->store, args_.settings->id)) {}

  // Gives numbers to the channels of the newest settings; when all have one, the house follows
  // them.
  void number() {
    if (numbering_) return;  // the newest settings are looked at when it is done
    numbering_ = true;
    const auto settings = args_.settings;
    const auto found = std::make_shared<storage::channel_numbers>();
    const auto more = std::make_shared<bool>(false);
    commit_decision(
        self_, args_.writer,
        [this, settings, found, more]() -> result<storage::batch> {
          std::vector<storage::wanted_channel> wanted;
          for (const auto& each : settings->channels)
            wanted.push_back({each.name, each.previous_names});
          storage::batch changes;
          KP_TRY(*found, storage::number_channels(changes, args_.hub->store, settings->id, wanted));
          *more = !changes.empty();
          if (!*more) {
            KP_TRY(*more, complete_records(changes, *found));
          }
          return changes;
        },
        [this, settings, found, more](result<void> done) {
          numbering_ = false;
          if (!done) return again(done.error());
          say_what_became_of(*found);
          if (*more || settings != args_.settings) return number();
          follow(*found);
        });
  }

  void apply(const apply_settings& now, caf::response_promise promise) {
    waiting_.push_back(std::move(promise));
    args_.settings = now.settings;
    ending_.reset();
    ++end_epoch_;
    number();
  }

  void end(const end_organisation& how) {
    ending_ = how;
    adapters_.work_in(how.drain ? working_mode::sending_only : working_mode::ending);
    look_whether_ended({++end_epoch_});
  }

  void look_whether_ended(const end_look& tick) {
    if (!ending_ || tick.epoch != end_epoch_) return;
    if (args_.hub->time.now() >= ending_->deadline) return say_ended(false);
    const auto not_yet = [this, tick] { self_->delayed_send(self_, look_again, tick); };
    if (!context_ || (!ending_->drain && channels_.known_to_gateway())) return not_yet();
    adapters_.ask_whether_idle([this, tick, not_yet](bool idle) {
      if (!ending_ || tick.epoch != end_epoch_) return;
      if (idle) return say_ended(true);
      not_yet();
    });
  }

  void left(const seat_left& gone) {
    if (ending_) return channels_.left_for_good(gone);
    channels_.left(gone);
    move_next();
  }

  caf::actor open_channel(const channel_name& name) { return channels_.open(name); }

  void on_down(const caf::down_msg& down) { children_.on_down(down); }
  void restart(const restart_child& which) { children_.restart(which); }
  void stop() { children_.stop(); }

  void outbox(const outbox_changed& nudge) { adapters_.nudge(nudge); }
  // Null until the house is open.
  caf::actor router() const { return router_ ? children_[*router_] : caf::actor(); }
  // Made when an operator first asks: most organisations of thousands never need one.
  caf::actor operators() {
    if (!context_) return {};
    if (!operators_)
      operators_ = children_.add("operator desk", [this, &system = self_->system()] {
        return system.spawn(operator_desk,
                            operator_desk_args{context_, organisation_handle_(), args_.writer});
      });
    return children_[*operators_];
  }
  void pause(const pause_changed& change) { adapters_.pause(change); }
  // Made when there is a subscription, or when a channel first asks.
  caf::actor webhooks() {
    if (!context_ || !args_.hub->webhooks) return {};
    if (!webhooks_)
      webhooks_ = children_.add("webhook dispatcher", [this, &system = self_->system()] {
        return system.spawn(webhook_dispatcher,
                            webhook_dispatcher_args{context_, args_.hub->webhooks, args_.writer});
      });
    return children_[*webhooks_];
  }
  void expiry() {
    if (deadlines_)
      if (const auto& keeper = children_[*deadlines_]) self_->send(keeper, expiry_changed{});
  }
  void move_next() {
    if (moving_ || !context_) return;
    const auto ready = std::ranges::find_if(
        merges_, [this](const auto& each) { return !channels_.works(each.from); });
    if (ready == merges_.end()) return;
    moving_ = true;
    move(*ready);
  }

 private:
  // What the store lacks of channels that nobody works on yet, a part at a time; whether there was
  // something.
  result<bool> complete_records(storage::batch& changes, const storage::channel_numbers& found) {
    const auto complete = [&](channel_number number) -> result<bool> {
      if (complete_.contains(number)) return true;
      KP_TRY(const bool done,
             storage::complete_indexes(changes, args_.hub->store, args_.settings->id, number,
                                       index_rows_at_once));
      if (done) complete_.insert(number);
      return done;
    };
    for (const auto& [name, number] : found.numbers) KP_CHECK(complete(number));
    for (const auto& merge : found.to_move) KP_CHECK(complete(merge.from));
    return !changes.empty();
  }

  void again(const error& why) {
    log(log_level::error, "channels not opened, tried again soon: " + why.message,
        {{"organisation", args_.settings->id.to_string()}});
    self_->delayed_send(self_, number_again_after, number_channels{});
  }

  void say_what_became_of(const storage::channel_numbers& found) const {
    for (const auto& [before, after] : found.renamed)
      say("a channel has another name now", before, after);
    for (const auto& [before, after] : found.taken)
      say("a channel is taken over by another one", before, after);
  }

  void follow(storage::channel_numbers& found) {
    merges_ = std::move(found.to_move);
    report_left(found.left);
    const auto before = context_;
    context_ = std::make_shared<organisation_context>(
        args_.hub, args_.settings, std::move(found.numbers), ids_, std::move(found.merged));
    if (!before)
      open();
    else
      change(tenants::diff(*before->settings, *context_->settings));
    channels_.follow(context_);
    for (auto& promise : waiting_) promise.deliver(settings_applied{});
    waiting_.clear();
    move_next();
  }

  void open() {
    children_.expect(3);  // router, adapter, deadlines; most others rest
    renew_clients();
    const auto me = caf::actor_cast<caf::actor_addr>(self_);
    organisation_handle_ = [me] { return caf::actor_cast<caf::actor>(me); };
    auto& system = self_->system();
    router_ = children_.add(
        "channel router",
        [this, &system] {
          return system.spawn(channel_router,
                              channel_router_args{context_, organisation_handle_(), args_.writer});
        },
        [this](const caf::actor&) { adapters_.renew_all(); });
    adapters_.open(*context_);
    deadlines_ = children_.add("deadlines", [this, &system] {
      return system.spawn(deadlines, deadlines_args{context_, args_.writer});
    });
    const auto unused = storage::subscriptions(args_.hub->store, args_.settings->id).empty();
    if (!unused || !*unused) webhooks();
    adapters_.use(make_ports(context_, clients_), args_.first_poll);
  }

  void renew_clients() {
    clients_ = std::make_shared<upstream>(args_.hub, args_.settings,
                                          upstream::limits{turns(self_, args_), rests(args_)});
    if (args_.hub->reports) args_.hub->reports->attach(args_.settings->id, clients_);
  }

  service_adapter_args adapter_args() const {
    service_adapter_args begins;
    begins.context = context_;
    begins.router = children_[*router_];
    begins.writer = args_.writer;
    begins.organisation = caf::actor_cast<caf::actor_addr>(self_);
    return begins;
  }

  void change(const tenants::organisation_changes& what) {
    if (what.clients) renew_clients();
    adapters_.use(make_ports(context_, clients_), {});
    children_.tell_all(settings_changed{context_, clients_, adapters_.ports()});
    // It follows the channels that there were when it was started; all it knows is in the store.
    if (webhooks_ && (!what.added.empty() || !what.removed.empty())) children_.renew(*webhooks_);
    adapters_.work_in(working_mode::normal);
  }

  nursery::factory how_to_make(channel_number number) {
    need_desk();
    return [this, number, &system = self_->system()] {
      return system.spawn(channel, channel_args{context_, number, organisation_handle_(),
                                                children_[*desk_], args_.writer, notes_});
    };
  }

  // It answers what channels ask, so it is made with the first of them.
  void need_desk() {
    if (desk_) return;
    desk_ = children_.add(
        "registry desk",
        [this, &system = self_->system()] {
          return system.spawn(registry_desk, registry_desk_args{context_, clients_, notes_});
        },
        [this](const caf::actor&) { channels_.start_anew(); });
  }

  // What a channel that has been taken over left behind follows in bounded commits; a hub that
  // stops in between goes on where it was.
  void move(const storage::channel_merge& merge) {
    const auto moved = std::make_shared<std::size_t>(0);
    commit_decision(
        self_, args_.writer,
        [this, merge, moved]() -> result<storage::batch> {
          storage::batch changes;
          KP_TRY(*moved, storage::move_channel_records(
                             changes, args_.hub->store, args_.settings->id, context_->conversations,
                             context_->statuses, merge.from, merge.into, records_at_once));
          if (*moved == 0) storage::finish_merge(changes, args_.settings->id, merge);
          return changes;
        },
        [this, merge, moved](result<void> done) {
          moving_ = false;
          if (!done) {
            log(log_level::error,
                "records of a channel were not moved, tried again soon: " + done.error().message,
                {{"organisation", args_.settings->id.to_string()}});
            return self_->delayed_send(self_, number_again_after, move_records{});
          }
          channels_.tell(merge.into, settings_changed{context_, clients_, {}});
          if (*moved == 0)
            std::erase_if(merges_, [&](const auto& each) { return each.from == merge.from; });
          move_next();
        });
  }

  void report_left(const std::vector<storage::channel_registry::entry>& names) {
    std::vector<tenants::tenants_state::left_channel> left;
    for (const auto& [name, number] : names) {
      const auto open =
          storage::unfinished_of(args_.hub->store, args_.settings->id, number, most_counted);
      if (!open || (open->outgoing == 0 && open->incoming == 0)) continue;
      left.push_back(
          {args_.settings->id, name, open->outgoing, open->incoming, args_.hub->time.now()});
      log(log_level::warning,
          "a channel that is configured no more has unfinished messages; name it in "
          "previous_names of the channel that takes over",
          {{"organisation", args_.settings->id.to_string()},
           {"channel", name.to_string()},
           {"outgoing", std::to_string(open->outgoing)},
           {"incoming", std::to_string(open->incoming)}});
    }
    args_.hub->tenants->left_behind(args_.settings->id, std::move(left));
  }

  void say_ended(bool in_time) {
    const bool drained = ending_->drain;
    ++end_epoch_;
    if (const auto hub = caf::actor_cast<caf::actor>(args_.hub_actor))
      self_->send(hub, organisation_ended{args_.settings->id, drained, in_time});
  }

  void say(std::string_view what, const channel_name& before, const channel_name& after) const {
    log(log_level::info, what,
        {{"organisation", args_.settings->id.to_string()},
         {"before", before.to_string()},
         {"channel", after.to_string()}});
  }

  caf::event_based_actor* self_;
  organisation_args args_;  // with the newest settings
  nursery children_;
  organisation_adapters adapters_;
  organisation_channels channels_;
  std::shared_ptr<storage::row_ids> ids_;
  std::shared_ptr<organisation_context> context_;  // of the settings that are followed
  std::shared_ptr<upstream> clients_;
  std::shared_ptr<registry_notes> notes_ = std::make_shared<registry_notes>();
  std::function<caf::actor()> organisation_handle_;
  std::optional<std::size_t> router_, deadlines_, desk_, webhooks_, operators_;
  std::set<channel_number> complete_;  // with all that the store keeps of them
  std::vector<storage::channel_merge> merges_;
  std::vector<caf::response_promise> waiting_;  // for the newest settings to be followed
  std::optional<end_organisation> ending_;
  std::uint64_t end_epoch_ = 0;
  bool numbering_ = false;
  bool moving_ = false;
};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::number_channels);
KP_MESSAGE(kp::actors::move_records);
KP_MESSAGE(kp::actors::end_look);

namespace kp::actors {

namespace {

error being_opened() {
  return transient(storage::storage_errc::io, "the organisation is being opened; try again");
}

template <class Message>
caf::response_promise passed_on(caf::event_based_actor* self, const caf::actor& to,
                                const Message& message) {
  auto promise = self->make_response_promise();
  promise.delegate(to, message);
  return promise;
}

}  // namespace

caf::behavior organisation(caf::event_based_actor* self, organisation_args args) {
  auto here = std::make_shared<house>(self, std::move(args));
  self->set_down_handler([here](caf::down_msg& down) { here->on_down(down); });
  self->set_exit_handler([self, here](caf::exit_msg& stop) {
    here->stop();
    self->quit(std::move(stop.reason));
  });
  here->number();
  return {
      [=](const number_channels&) { here->number(); },
      [=](const move_records&) { here->move_next(); },
      [=](const apply_settings& now) -> caf::result<settings_applied> {
        auto promise = self->make_response_promise();
        here->apply(now, promise);
        return promise;
      },
      [=](const end_organisation& how) { here->end(how); },
      [=](const end_look& tick) { here->look_whether_ended(tick); },
      [=](const seat_left& gone) { here->left(gone); },
      [=](const open_channel& asked) { return channel_opened{here->open_channel(asked.channel)}; },
      [=](const restart_child& which) { here->restart(which); },
      [=](const outbox_changed& nudge) { here->outbox(nudge); },
      [=](const expiry_changed&) { here->expiry(); },
      [=](const move_seat& asked) -> caf::result<seat_moved> {
        if (const auto router = here->router()) return passed_on(self, router, asked);
        return seat_moved{{}, {}, 0, being_opened()};
      },
      [=](const show_seats& asked) -> caf::result<seats_shown> {
        if (const auto router = here->router()) return passed_on(self, router, asked);
        return seats_shown{};
      },
      [=](const count_left_alone& asked) -> caf::result<left_alone_counts> {
        if (const auto router = here->router()) return passed_on(self, router, asked);
        return left_alone_counts{};
      },
      [=](const pause_changed& change) { here->pause(change); },
      [=](const pause_service& asked) -> caf::result<service_paused> {
        if (const auto desk = here->operators()) return passed_on(self, desk, asked);
        return service_paused{{}, being_opened()};
      },
      [=](const order_message& asked) -> caf::result<message_ordered> {
        if (const auto desk = here->operators()) return passed_on(self, desk, asked);
        return message_ordered{0, true, being_opened()};
      },
      [=](const webhook_call& call) -> caf::result<api_answer> {
        if (const auto webhooks = here->webhooks()) return passed_on(self, webhooks, call);
        return caf::make_error(caf::sec::request_receiver_down);
      },
  };
}

}  // namespace kp::actors
