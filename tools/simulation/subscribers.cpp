#include "tools/simulation/subscribers.hpp"

#include "tools/simulation/marks.hpp"

#include <boost/json.hpp>

#include <charconv>

namespace kp::simulation {

namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

std::string text_at(const json::object& o, std::string_view name) {
  const auto* found = o.if_contains(name);
  return found && found->is_string() ? std::string(found->get_string()) : "";
}

}  // namespace

class subscribers::transport_impl final : public actors::webhook_transport {
 public:
  transport_impl(subscribers& at, std::weak_ptr<const void> alive)
      : at_(at), alive_(std::move(alive)) {}

  void post(actors::webhook_push push, std::function<void(actors::webhook_outcome)> done) override {
    if (alive_.expired()) return;  // the last words of a dying hub
    auto& on = at_.stage_;
    const auto& t = on.trouble;
    const auto roll = on.chance.below(100);
    const bool lost = roll < t.lost;
    const bool unheard = !lost && roll < t.lost + t.answer_lost;
    const bool refuses = !lost && !unheard && roll < t.lost + t.answer_lost + t.refused + t.limited;
    const auto delay = [&] {
      return on.chance.chance(t.slow) ? on.chance.between(1s, 10s) : on.chance.between(1ms, 200ms);
    };
    const auto there = delay();
    const auto back = delay();
    on.after(there, [at = &at_, alive = alive_, push = std::move(push), done = std::move(done),
                     lost, unheard, refuses, back] {
      actors::webhook_outcome outcome;
      if (lost || unheard) outcome.problem = "timeout";
      if (refuses) outcome.status = 503;
      if (!lost && !refuses) at->take(push);
      if (!lost && !refuses && !unheard) outcome.status = 200;
      at->stage_.after(back, [alive, outcome, done] {
        if (!alive.expired()) done(outcome);
      });
    });
  }

 private:
  subscribers& at_;
  std::weak_ptr<const void> alive_;
};

subscribers::subscribers(stage& on, model& all) : stage_(on), model_(all) {}

std::shared_ptr<actors::webhook_transport> subscribers::transport(std::weak_ptr<const void> alive) {
  return std::make_shared<transport_impl>(*this, std::move(alive));
}

void subscribers::take(const actors::webhook_push& push) {
  const auto found = model_.hooks.find(push.url);
  if (found == model_.hooks.end())
    return stage_.finding("{} is told something, and nobody subscribed there", push.url);
  auto& hook = found->second;
  const auto body = json::parse(push.body).as_object();
  const auto event = text_at(body, "event");
  if (event == "ping") return stage_.say("{} hears a ping", push.url);
  const auto message = text_at(body, "messageId");
  const auto status = text_at(body, "status");
  const auto id = std::string(push.headers.find("Knutepunkt-Event-Id").value_or(""));
  stage_.say("{} hears {} {} {}", push.url, id, message, status);
  if (const auto mark = foreign_mark(push.body, hook.organisation))
    stage_.finding("{} of organisation {} hears of mark {}", push.url, hook.organisation, *mark);
  const auto* l = model_.find(message);
  if (l && text_at(body, "direction") == "OUTGOING" &&
      (l->from != hook.organisation || l->channel != hook.channel))
    stage_.finding("{} hears of {}, which another channel has sent", push.url, message);
  std::uint64_t sequence = 0;
  const auto digits = id.substr(id.rfind('-') + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
  auto& taken = hook.taken[message];
  if (!taken.contains(sequence) && !taken.empty() && sequence < *taken.rbegin())
    stage_.finding("{} hears {} of {} after {}", push.url, sequence, message, *taken.rbegin());
  taken.insert(sequence);
  hook.statuses[message].insert(status);
}

}  // namespace kp::simulation
