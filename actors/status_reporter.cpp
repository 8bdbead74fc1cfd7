#include "actors/status_reporter.hpp"

#include "actors/report_intake.hpp"
#include "actors/report_port.hpp"
#include "config/log.hpp"
#include "metrics/hub_meters.hpp"

namespace kp::actors {

namespace {

struct look_for_reports {};

struct report_done {
  std::uint64_t number = 0;
  status_service::outcome what;
};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::look_for_reports);
KP_MESSAGE(kp::actors::report_done);

namespace kp::actors {

namespace {

constexpr std::chrono::seconds tick{1};

class reporter {
 public:
  reporter(caf::event_based_actor* self, status_reporter_args args)
      : self_(self),
        args_(std::move(args)),
        schedule_(args_.hub->store, args_.hub->random, args_.limits) {
    args_.hub->reports->wake_all();
  }

  void look() {
    for (const auto id : args_.hub->reports->take_woken())
      if (const auto ready = schedule_.wake(id, args_.hub->reports->gate_of(id)); !ready) {
        log(log_level::error, "waiting status reports cannot be read: " + ready.error().message,
            {{"organisation", id.to_string()}});
      }
    work();
    self_->delayed_send(self_, tick, look_for_reports{});
  }

  void done(const report_done& one) {
    const auto found = under_way_.find(one.number);
    if (found == under_way_.end()) return;
    schedule_.settle(found->second, one.what, now());
    under_way_.erase(found);
    work();
  }

 private:
  time_point now() const { return args_.hub->time.now(); }

  void work() {
    while (auto job = schedule_.next(now())) start(*std::move(job));
    commit_changes();
    count();
  }

  void start(report_schedule::job job) {
    auto clients = args_.hub->reports->clients_of(job.organisation);
    if (!clients) return give_back(job);
    const auto number = ++last_number_;
    auto report = job.report.what;
    const auto organisation = job.organisation;
    under_way_.emplace(number, std::move(job));
    args_.hub->reports->port()->report(
        std::move(clients), organisation, std::move(report),
        [to = caf::actor_cast<caf::actor_addr>(self_), number](status_service::outcome what) {
          if (const auto me = caf::actor_cast<caf::actor>(to))
            caf::anon_send(me, report_done{number, std::move(what)});
        });
  }

  // Nobody works for the organisation: its queue waits until somebody does.
  void give_back(const report_schedule::job& job) {
    schedule_.leave(job);
    schedule_.rest(job.organisation);
  }

  void commit_changes() {
    auto changes = schedule_.changes();
    if (!changes) return;
    self_
        ->request(args_.writer, caf::infinite,
                  commit{std::make_shared<storage::batch>(*std::move(changes))})
        .then(
            [this](const committed& answer) {
              if (answer.failure)
                log(log_level::error,
                    "sent status reports are not noted, and are sent again after a restart: " +
                        answer.failure->message);
              settled(!answer.failure);
            },
            [this](const caf::error&) { settled(false); });
  }

  void settled(bool durable) {
    schedule_.committed(durable);
    // After a failure the next look tries again.
    if (durable) work();
  }

  void count() {
    const auto& meters = *args_.hub->meters;
    const auto& all = schedule_.counted();
    const auto add = [&](const char* outcome, std::uint64_t value, std::uint64_t& before) {
      if (value == before) return;
      meters.status_reports.with({{"outcome", outcome}}).add(static_cast<double>(value - before));
      before = value;
    };
    add("taken", all.taken, told_.taken);
    add("refused", all.refused, told_.refused);
    add("given up", all.given_up, told_.given_up);
    if (all.turned_away > told_.turned_away)
      log(log_level::error,
          "statuses are not reported, because too many reports wait; see "
          "status_service.max_waiting");
    add("turned away", all.turned_away, told_.turned_away);
    add("failed", all.failed, told_.failed);
    meters.status_reports_waiting.set(static_cast<double>(schedule_.waiting()));
    const auto oldest = schedule_.oldest();
    const auto age = oldest ? now() - *oldest : std::chrono::microseconds(0);
    meters.status_reports_oldest.set(std::chrono::duration<double>(age).count());
  }

  caf::event_based_actor* self_;
  status_reporter_args args_;
  report_schedule schedule_;
  report_schedule::numbers told_;
  std::map<std::uint64_t, report_schedule::job> under_way_;
  std::uint64_t last_number_ = 0;
};

}  // namespace

caf::behavior status_reporter(caf::event_based_actor* self, status_reporter_args args) {
  auto state = std::make_shared<reporter>(self, std::move(args));
  self->send(self, look_for_reports{});
  return {
      [=](const look_for_reports&) { state->look(); },
      [=](const report_done& one) { state->done(one); },
  };
}

}  // namespace kp::actors
