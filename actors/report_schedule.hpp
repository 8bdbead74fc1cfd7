#pragma once

#include "config/log.hpp"
#include "config/random.hpp"
#include "protocol/status_service/outcome.hpp"
#include "storage/status_reports.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace kp::actors {

struct report_limits {
  std::size_t in_flight = 16;        // of all organisations
  std::size_t per_organisation = 4;  // of one
  std::size_t window = 64;           // read ahead, of one
  std::size_t unsettled = 1000;      // settled, and not yet out of the store
  std::size_t keep_refused = 200;    // of one
  // A report that fails so often while so many others are taken is the one that is wrong.
  std::uint32_t hopeless_after = 8;
  std::chrono::microseconds give_up_after = std::chrono::hours(24 * 7);
  // When the service, or the way to it, is in trouble: for all. Then it is probed by one at a time.
  std::chrono::microseconds first_pause = std::chrono::seconds(5);
  std::chrono::microseconds longest_pause = std::chrono::minutes(10);
  // When an organisation's token is not accepted.
  std::chrono::microseconds first_token_pause = std::chrono::minutes(1);
  // When somebody has to act (status-service.md 4.3: at least 15 minutes).
  std::chrono::microseconds misconfigured_pause = std::chrono::minutes(15);
  // After so long without news, what was admitted to an empty queue will not come.
  std::chrono::microseconds forget_admitted_after = std::chrono::minutes(1);
};

// Which report is sent next, and what becomes of it: plain state of the status reporter. The queues
// are in the store; here is how far each has been read, and what is under way. What is settled
// leaves the store in the batches that changes() gives, so a crash sends it once more.
class report_schedule {
 public:
  report_schedule(const storage::engine& store, random_source& random, report_limits limits);

  // Its queue may have got something. Errors: the store's.
  result<void> wake(organisation_id, const std::shared_ptr<storage::report_gate>&);
  // Nobody works for it now: what waits stays where it is until it is woken again.
  void rest(organisation_id);

  struct job {
    organisation_id organisation;
    storage::status_reports::entry report;
    std::uint32_t failures = 0;      // of this report, while the service was asked
    std::uint64_t taken_before = 0;  // how many others had been taken when it failed first
  };
  // One that may be sent now; it is under way until settle(). Organisations take turns.
  std::optional<job> next(time_point now);
  void settle(const job&, const status_service::outcome&, time_point now);
  // It was not tried after all, and waits as before.
  void leave(const job&);

  // What the store is to be told, if anything; nothing while the answer to the last is out.
  std::optional<storage::batch> changes();
  void committed(bool durable);

  // When there may be something to do without news; nullopt: only then.
  std::optional<time_point> wakes(time_point now) const;

  struct numbers {
    std::uint64_t taken = 0, refused = 0, given_up = 0, turned_away = 0, failed = 0;
  };
  const numbers& counted() const { return counted_; }
  std::uint64_t waiting() const;             // of all organisations
  std::optional<time_point> oldest() const;  // when the oldest that has been read was queued
  bool in_trouble() const { return failures_ > 0; }

 private:
  struct line {
    line(const storage::engine& store, organisation_id id,
         std::shared_ptr<storage::report_gate> its)
        : kept(store, id), gate(std::move(its)) {}
    storage::status_reports kept;
    std::shared_ptr<storage::report_gate> gate;
    std::uint64_t read = 0;                // up to and with this
    std::deque<job> window;                // read, not tried yet, not under way
    std::multimap<time_point, job> again;  // failed, by when they are due; as many as the window
    std::size_t in_flight = 0;
    std::uint32_t failures = 0;  // of the organisation itself
    time_point rest_until{};
    std::uint64_t leaving = 0;  // settled; leaves with the next commit
    std::uint64_t turned_away = 0;
    // When it was last found empty although something had been admitted, and how much until then.
    std::optional<time_point> empty_since;
    std::uint64_t admitted_then = 0;
  };

  std::optional<job> next_of(organisation_id, line&, time_point now);
  std::optional<job> take(organisation_id, line&, time_point now);
  bool fill(organisation_id, line&, time_point now);
  bool finished(line&, time_point now);
  void remove(organisation_id, line&, std::uint64_t sequence);
  void refuse(const job&, line&, const std::string& why, time_point now);
  void try_again(job, line&, const status_service::outcome&, time_point now);
  void service_fails(const status_service::outcome&, time_point now);
  std::chrono::microseconds pause(std::uint32_t failures, std::chrono::microseconds first,
                                  std::chrono::microseconds longest) const;
  void say(log_level, organisation_id, std::string_view what, std::string_view why) const;

  const storage::engine& store_;
  random_source& random_;
  const report_limits limits_;
  std::map<organisation_id, line> lines_;
  std::set<organisation_id> active_;
  std::optional<organisation_id> last_;  // whose turn it was
  std::size_t in_flight_ = 0;
  std::uint32_t failures_ = 0;  // of the service
  time_point rest_until_{};
  storage::batch pending_;
  std::map<organisation_id, std::uint64_t> leaving_, committing_leaving_;
  std::optional<storage::batch> committing_;
  std::size_t unsettled_ = 0;
  numbers counted_;
};

}  // namespace kp::actors
