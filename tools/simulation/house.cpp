#include "tools/simulation/house.hpp"

#include "actors/channel.hpp"
#include "actors/channel_router.hpp"
#include "actors/deadlines.hpp"
#include "actors/dpo_adapter.hpp"
#include "actors/seat_messages.hpp"
#include "actors/supervision.hpp"
#include "actors/webhook_dispatcher.hpp"
#include "protocol/http/http_error.hpp"

namespace kp::simulation {

namespace {

using namespace kp::actors;

caf::behavior played_registry(caf::event_based_actor*, stage* on) {
  return {
      [=](const find_receiver& asked) {
        receiver_answer answer;
        if (on->chance.chance(on->trouble.lost)) {
          answer.failure = transient(http::http_errc::unavailable, "HTTP 503");
          return answer;
        }
        registry::service_record record;
        record.via = service::dpo;
        record.process = asked.what.process.value_or("");
        record.document_types = {"urn:no:difi:arkivmelding:xsd::arkivmelding",
                                 "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering"};
        answer.found.emplace();
        answer.found->records = {std::move(record)};
        return answer;
      },
      [](const check_own_certificate&) { return certificate_verdict{}; },
  };
}

class family {
 public:
  family(caf::event_based_actor* self, house_args args)
      : self_(self), args_(std::move(args)), children_(self, args_.context->id().to_string()) {}

  void open() {
    auto& system = self_->system();
    const auto me = caf::actor_cast<caf::actor>(self_);
    router_ = child(
        "router",
        [this, &system, me] {
          return system.spawn(channel_router, channel_router_args{args_.context, me, args_.writer});
        },
        // Who holds the handle of a child that was started again is started again too.
        [this] {
          if (adapter_) self_->send_exit(children_[*adapter_], caf::exit_reason::kill);
        });
    child("deadlines", [this, &system] {
      return system.spawn(deadlines, deadlines_args{args_.context, args_.writer});
    });
    webhooks_ = child("webhooks", [this, &system] {
      return system.spawn(
          webhook_dispatcher,
          webhook_dispatcher_args{args_.context, args_.context->hub->webhooks, args_.writer});
    });
    const auto registry = system.spawn(played_registry, args_.on);
    registry_ = registry;
    adapter_ = child("adapter", [this, &system, me = caf::actor_cast<caf::actor_addr>(self_)] {
      return system.spawn(dpo_adapter, service_adapter_args{args_.context, args_.transport,
                                                            children_[*router_], args_.writer, me});
    });
    for (const auto& each : args_.context->numbers)
      child("channel " + each.first.to_string(),
            [this, &system, me, registry, number = each.second] {
              return system.spawn(channel,
                                  channel_args{args_.context, number, me, registry, args_.writer});
            });
  }
  void close() {
    children_.stop();
    self_->send_exit(registry_, caf::exit_reason::user_shutdown);
  }
  void on_down(const caf::down_msg& down) {
    std::erase_if(args_.parts->running,
                  [&](const auto& each) { return each.second.address() == down.source; });
    children_.on_down(down);
  }
  void restart(const restart_child& which) { children_.restart(which); }
  void tell_adapter(const outbox_changed& nudge) {
    if (const auto adapter = args_.parts->find("adapter")) self_->send(adapter, nudge);
  }
  void tell_deadlines() {
    if (const auto keeper = args_.parts->find("deadlines")) self_->send(keeper, expiry_changed{});
  }
  caf::actor webhooks() const { return children_[*webhooks_]; }

 private:
  std::size_t child(const std::string& name, nursery::factory make,
                    const std::function<void()>& again = {}) {
    const auto first = std::make_shared<bool>(true);
    return children_.add(name, std::move(make), [this, name, again, first](const caf::actor& it) {
      args_.parts->running[name] = it;
      if (!std::exchange(*first, false) && again) again();
    });
  }

  caf::event_based_actor* self_;
  house_args args_;
  nursery children_;
  caf::actor registry_;
  std::optional<std::size_t> router_, adapter_, webhooks_;
};

}  // namespace

caf::behavior house(caf::event_based_actor* self, house_args args) {
  auto here = std::make_shared<family>(self, std::move(args));
  self->set_down_handler([here](caf::down_msg& down) { here->on_down(down); });
  self->set_exit_handler([self, here](caf::exit_msg& stop) {
    here->close();
    self->quit(std::move(stop.reason));
  });
  here->open();
  return {
      [=](const restart_child& which) { here->restart(which); },
      [=](const outbox_changed& nudge) { here->tell_adapter(nudge); },
      [=](const expiry_changed&) { here->tell_deadlines(); },
      [=](const webhook_call& call) -> caf::result<api_answer> {
        const auto webhooks = here->webhooks();
        if (!webhooks) return caf::make_error(caf::sec::request_receiver_down);
        auto promise = self->make_response_promise();
        promise.delegate(webhooks, call);
        return promise;
      },
  };
}

}  // namespace kp::simulation
