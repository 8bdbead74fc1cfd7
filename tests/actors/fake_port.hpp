#pragma once

#include "actors/channel_router.hpp"
#include "actors/service_adapter.hpp"
#include "dpo_house.hpp"
#include "protocol/http/http_error.hpp"

#include <deque>

namespace kp::test {

// A message service that does what a test has told it, at once or when released.
class fake_port : public actors::service_port {
 public:
  fake_port(service via, const clock& time) : via_(via), time_(time) {
    what_rules.follows = what_rules.receives = true;
  }

  actors::port_rules what_rules;
  service which() const override { return via_; }
  actors::port_rules rules() const override { return what_rules; }

  // ---- sending
  std::vector<actors::sending> sent;
  actors::sent_item outcome{"external-1"};
  std::optional<error> send_failure;
  void send(actors::sending what, done<result<actors::sent_item>> then) override {
    sent.push_back(std::move(what));
    if (send_failure) return then(*send_failure);
    then(outcome);
  }

  // ---- following
  struct question {
    std::vector<storage::tracked> which;
    time_point at;
  };
  std::vector<question> asked;
  std::map<message_id, actors::progress> fares;  // of those that it knows
  std::optional<error> follow_failure;
  bool hold_answers = false;
  void follow(std::vector<storage::tracked> which,
              done<result<std::vector<actors::progress>>> then) override {
    asked.push_back({which, time_.now()});
    if (hold_answers) return;
    if (follow_failure) return then(*follow_failure);
    std::vector<actors::progress> all;
    for (const auto& each : which)
      if (const auto known = fares.find(each.message); known != fares.end())
        all.push_back(known->second);
    then(std::move(all));
  }

  // ---- receiving
  struct arrival {
    actors::waiting what;
    letter content;
    actors::fetch_verdict verdict = actors::fetch_verdict::arrived;
    std::optional<error> confirm_failure{};
    std::optional<actors::taken> confirmed{};
    std::size_t fetches = 0, confirms = 0;
  };
  std::vector<arrival> arrivals;
  std::optional<error> list_failure;
  std::size_t lists = 0;
  arrival& operator[](const std::string& id) {
    return *std::ranges::find_if(arrivals, [&](const auto& a) { return a.what.id == id; });
  }
  void list(done<result<std::vector<actors::waiting>>> then) override {
    ++lists;
    if (list_failure) return then(*list_failure);
    std::vector<actors::waiting> all;
    for (const auto& each : arrivals)
      if (!each.confirmed) all.push_back(each.what);
    then(std::move(all));
  }
  void fetch(actors::waiting which, done<std::shared_ptr<actors::fetched>> then) override {
    auto& it = (*this)[which.id];
    ++it.fetches;
    auto what = std::make_shared<actors::fetched>();
    what->verdict = it.verdict;
    if (it.verdict == actors::fetch_verdict::arrived) {
      what->what.document = it.content.parsed();
      what->what.sbd = it.content.text();
    } else {
      what->failure = transient(http::http_errc::unavailable, "HTTP 503");
    }
    then(std::move(what));
  }
  bool stopped = false;
  void stop_receiving() override { stopped = true; }
  void confirm(actors::waiting which, actors::taken how, done<result<void>> then) override {
    auto& it = (*this)[which.id];
    ++it.confirms;
    if (it.confirm_failure) return then(*it.confirm_failure);
    it.confirmed = how;
    then({});
  }

 private:
  service via_;
  const clock& time_;
};

// A generic adapter with its router, over a house and a fake service; DPF, because it both sends
// and receives and knows every status.
class service_adapter_test : public ::testing::Test {
 protected:
  static constexpr service via = service::dpf;

  service_adapter_test() : port(std::make_shared<fake_port>(via, house.system.time())) {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    settings->dpf.enabled = true;
    settings->channels.front().receives.insert(via);
    for (auto& channel : settings->channels) channel.sends.insert(via);
    house.use(std::move(settings));
  }

  void begin(actors::working_mode mode = actors::working_mode::normal) {
    router = house.system.spawn(
        actors::channel_router,
        actors::channel_router_args{house.context, house.organisation, house.writer});
    adapter = house.system.spawn(
        actors::service_adapter,
        actors::service_adapter_args{house.context, port, router, house.writer,
                                     caf::actor_cast<caf::actor_addr>(house.organisation),
                                     std::chrono::milliseconds(0), mode});
    house.system.run();
  }
  // The adapter dies with everything it had in mind, and another takes its place.
  void restart() {
    house.system.stop(adapter);
    house.system.stop(router);
    begin();
  }
  void pass(std::chrono::microseconds much,
            std::chrono::microseconds step = std::chrono::milliseconds(500)) {
    house.system.pass(much, step);
  }
  // As a channel leaves a message when its client has sent it.
  void queue(const letter& l, channel_number channel = arkiv) {
    auto c = house.started(channel, l.id(), std::chrono::hours(24), via);
    const auto now = house.system.time().now();
    storage::batch changes;
    storage::outgoing_message m;
    m.id = *house.ids->next(changes);
    m.message = l.id();
    m.channel = channel;
    m.via = via;
    m.type = l.type;
    m.receiver_identifier = "910075918";
    m.sbd = l.text();
    m.expires = now + std::chrono::hours(24);
    m.queued = true;
    house.context->messages.insert(changes, m);
    storage::outbox_item item;
    item.id = *house.ids->next(changes);
    item.via = via;
    item.channel = channel;
    item.message = l.id();
    item.queued = item.due = now;
    item.expires = m.expires;
    house.context->outbox(via).insert(changes, item);
    house.commit(changes);
    caf::anon_send(adapter, actors::outbox_changed{via});
    house.system.run();
  }
  std::string statuses(const letter& l) const {
    return house.statuses(direction::outgoing, l.id());
  }
  storage::tracking tracking() const { return {*house.store, house.context->id(), via}; }
  bool is_followed(const letter& l) const { return tracking().find(l.id())->has_value(); }

  dpo_house house;
  std::shared_ptr<fake_port> port;
  caf::actor router, adapter;
};

}  // namespace kp::test
