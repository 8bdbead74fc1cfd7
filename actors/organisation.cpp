#include "actors/organisation.hpp"

#include "actors/bridge.hpp"
#include "actors/channel.hpp"
#include "actors/channel_router.hpp"
#include "actors/deadlines.hpp"
#include "actors/dpo_adapter.hpp"
#include "actors/registry_desk.hpp"
#include "actors/seat_messages.hpp"
#include "actors/supervision.hpp"
#include "actors/webhook_dispatcher.hpp"
#include "metrics/hub_meters.hpp"
#include "storage/reindex.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

constexpr std::chrono::milliseconds turn_deadline{130'000};
constexpr std::chrono::seconds number_again_after{5};
constexpr std::size_t index_rows_at_once = 1000;

struct number_channels {};

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

using indices = std::vector<std::size_t>;

class house {
 public:
  house(caf::event_based_actor* self, organisation_args args)
      : self_(self),
        args_(std::move(args)),
        children_(self, args_.settings->id.to_string(),
                  [meters = args_.hub->meters] { meters->actor_restarts.add(); }),
        ids_(std::make_shared<storage::row_ids>(args_.hub->store, args_.settings->id)) {}

  // Gives numbers to channels that have none yet and completes what the store has on record of
  // them; then opens the house.
  void number() {
    const storage::channel_registry registry(args_.hub->store, args_.settings->id);
    auto known = registry.all();
    if (!known) return again(known.error());
    auto changes = std::make_shared<storage::batch>();
    for (const auto& channel : args_.settings->channels) {
      const auto has = [&](const auto& entry) { return entry.name == channel.name; };
      if (std::ranges::any_of(*known, has)) continue;
      known->push_back({channel.name, registry.add(*changes, channel.name, *known)});
    }
    std::map<channel_name, channel_number> numbers;
    for (const auto& entry : *known)
      if (args_.settings->find(entry.name)) numbers.emplace(entry.name, entry.number);
    if (changes->empty()) {
      for (const auto& [name, number] : numbers) {
        const auto complete = storage::complete_indexes(
            *changes, args_.hub->store, args_.settings->id, number, index_rows_at_once);
        if (!complete) return again(complete.error());
      }
    }
    if (changes->empty()) return open(std::move(numbers));
    self_->request(args_.writer, caf::infinite, commit{changes})
        .then(
            [this](const committed& done) {
              if (done.failure) return again(*done.failure);
              number();
            },
            [this](const caf::error& why) {
              again(transient(storage::storage_errc::io, self_->system().render(why)));
            });
  }

  void on_down(const caf::down_msg& down) { children_.on_down(down); }
  void restart(const restart_child& which) { children_.restart(which); }
  void stop() { children_.stop(); }

  void outbox(const outbox_changed& nudge) {
    if (nudge.via == service::dpo && dpo_adapter_)
      if (const auto& adapter = children_[*dpo_adapter_]) self_->send(adapter, nudge);
  }
  // Null until the house is open.
  caf::actor router() const { return router_ ? children_[*router_] : caf::actor(); }
  caf::actor webhooks() const { return webhooks_ ? children_[*webhooks_] : caf::actor{}; }
  void expiry() {
    if (deadlines_)
      if (const auto& keeper = children_[*deadlines_]) self_->send(keeper, expiry_changed{});
  }

 private:
  void again(const error& why) {
    log(log_level::error, "channels not opened, tried again soon: " + why.message,
        {{"organisation", args_.settings->id.to_string()}});
    self_->delayed_send(self_, number_again_after, number_channels{});
  }

  void open(std::map<channel_name, channel_number> numbers) {
    auto context =
        std::make_shared<organisation_context>(args_.hub, args_.settings, std::move(numbers), ids_);
    auto clients = std::make_shared<upstream>(args_.hub, args_.settings,
                                              upstream::limits{turns(self_, args_), rests(args_)});
    const auto me = caf::actor_cast<caf::actor_addr>(self_);
    const auto organisation_handle = [me] { return caf::actor_cast<caf::actor>(me); };
    const auto writer = args_.writer;
    auto& system = self_->system();

    const auto router = children_.add(
        "channel router",
        [=, &system] {
          return system.spawn(channel_router,
                              channel_router_args{context, organisation_handle(), writer});
        },
        [this](const caf::actor&) {
          renew(dpo_adapter_ ? std::vector{*dpo_adapter_} : indices{});
        });
    router_ = router;
    deadlines_ = children_.add("deadlines", [=, &system] {
      return system.spawn(deadlines, deadlines_args{context, writer});
    });
    if (args_.hub->webhooks)
      webhooks_ = children_.add("webhook dispatcher", [=, means = args_.hub->webhooks, &system] {
        return system.spawn(webhook_dispatcher, webhook_dispatcher_args{context, means, writer});
      });
    const auto desk = children_.add(
        "registry desk",
        [=, &system] { return system.spawn(registry_desk, registry_desk_args{context, clients}); },
        [this](const caf::actor&) { renew(channels_); });
    if (args_.settings->dpo.enabled) {
      auto transport = make_dpo_transport(context, clients);
      dpo_adapter_ = children_.add("DPO adapter", [this, context, transport, router, writer,
                                                   &system, first_poll = args_.first_poll] {
        return system.spawn(dpo_adapter, dpo_adapter_args{context, transport, children_[router],
                                                          writer, first_poll});
      });
    }
    for (const auto& [name, number] : context->numbers) {
      if (args_.settings->find(name)->external) continue;  // an installation elsewhere
      channels_.push_back(children_.add(
          "channel " + name.to_string(),
          [this, context, at = number, organisation_handle, desk, writer, &system] {
            return system.spawn(
                channel, channel_args{context, at, organisation_handle(), children_[desk], writer});
          },
          [gateway = args_.gateway, id = args_.settings->id, called = name](
              const caf::actor& seat) { caf::anon_send(gateway, seat_opened{id, called, seat}); }));
    }
  }

  // Who holds the handle of a child that was started again is started again too.
  void renew(const indices& holders) {
    for (const auto index : holders)
      if (const auto& child = children_[index]) self_->send_exit(child, caf::exit_reason::kill);
  }

  caf::event_based_actor* self_;
  organisation_args args_;
  nursery children_;
  std::shared_ptr<storage::row_ids> ids_;
  std::optional<std::size_t> router_;
  std::optional<std::size_t> dpo_adapter_;
  std::optional<std::size_t> deadlines_;
  std::optional<std::size_t> webhooks_;
  indices channels_;
};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::number_channels);

namespace kp::actors {

namespace {

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
      [=](const restart_child& which) { here->restart(which); },
      [=](const outbox_changed& nudge) { here->outbox(nudge); },
      [=](const expiry_changed&) { here->expiry(); },
      [=](const move_seat& asked) -> caf::result<seat_moved> {
        if (const auto router = here->router()) return passed_on(self, router, asked);
        return seat_moved{
            {},
            {},
            0,
            transient(storage::storage_errc::io, "the organisation is being opened; try again")};
      },
      [=](const show_seats& asked) -> caf::result<seats_shown> {
        if (const auto router = here->router()) return passed_on(self, router, asked);
        return seats_shown{};
      },
      [=](const count_left_alone& asked) -> caf::result<left_alone_counts> {
        if (const auto router = here->router()) return passed_on(self, router, asked);
        return left_alone_counts{};
      },
      [=](const webhook_call& call) -> caf::result<api_answer> {
        if (const auto webhooks = here->webhooks()) return passed_on(self, webhooks, call);
        return caf::make_error(caf::sec::request_receiver_down);
      },
  };
}

}  // namespace kp::actors
