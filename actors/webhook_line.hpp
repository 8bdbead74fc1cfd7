#pragma once

#include "actors/context.hpp"
#include "actors/webhook_transport.hpp"
#include "config/log.hpp"
#include "protocol/webhooks/filter.hpp"
#include "storage/feed.hpp"
#include "storage/subscriptions.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace kp::actors {

struct webhook_limits {
  std::size_t in_flight = 8;    // of one subscription
  std::size_t window = 32;      // events ahead of the cursor
  std::size_t parked = 10'000;  // reached: the cursor stops
  std::size_t dead = 10'000;    // beyond: the oldest is dropped
  std::uint32_t failures_to_open = 5;
  std::chrono::microseconds first_pause{std::chrono::seconds(10)};
  std::chrono::microseconds longest_pause{std::chrono::hours(1)};
  std::chrono::microseconds longest_probe_pause{std::chrono::minutes(5)};
  std::chrono::microseconds give_up_after{std::chrono::hours(48)};
};

// What waits for one subscriber: which event is sent when, and what becomes of it. The cursor goes
// through the channel's feed; an event that is not taken is parked, and everything later of the
// same message behind it; the rest passes. When the endpoint fails again and again the circuit
// opens: the cursor stops, and one event at a time probes. No actor: its owner sends, commits and
// wakes it.
//
// In the store the cursor is at most as far as what has been settled, so that after a crash events
// are sent again rather than lost. Everything that settles an event is in the same commit as the
// cursor that passes it, or in an earlier one.
class webhook_line {
 public:
  static result<std::unique_ptr<webhook_line>> open(std::shared_ptr<organisation_context> context,
                                                    storage::subscription who,
                                                    webhook_limits limits);

  const storage::subscription& who() const { return who_; }
  // After an update by the client: whatever held it up before is tried again at once.
  void change(storage::subscription who, time_point now);
  // The feed has something new.
  void rung() { may_have_more_ = true; }

  // The next event to send now, if any; it is in flight until settle().
  result<std::optional<storage::webhook_delivery>> next(time_point now);
  void settle(std::uint64_t sequence, const webhook_outcome&, time_point now);
  // Makes dead letters of what is too old.
  result<void> expire(time_point now);

  // A dead letter that is parked again (unparked by `put_back`), and one that is gone, in the
  // store.
  storage::webhook_delivery put_back(storage::batch&, storage::webhook_delivery,
                                     time_point now) const;
  void has_been_put_back(storage::webhook_delivery);
  void dead_letter_removed() { dead_count_ -= std::min<std::uint64_t>(dead_count_, 1); }
  std::size_t room_for_parked() const;

  // What is to be committed now, if anything; until committed() nothing more comes.
  std::optional<storage::batch> changes(time_point now);
  void committed(bool durable, time_point now);
  // When to call next(), expire() and changes() again at the latest.
  std::optional<time_point> wakes() const;

  std::size_t in_flight() const { return flying_; }

 private:
  struct slot {
    storage::webhook_delivery what;
    enum class stage { waiting, flying, settled } at = stage::waiting;
  };
  struct parked_event {
    storage::webhook_delivery what;
    bool flying = false;
  };
  // The parked events of one message; its first is the only one that may be sent.
  struct lane {
    std::set<std::uint64_t> sequences;
    std::optional<std::pair<time_point, std::uint64_t>> ready;  // as it stands in ready_
  };

  webhook_line(std::shared_ptr<organisation_context> context, storage::subscription who,
               webhook_limits limits);
  result<void> load();

  bool circuit_open() const { return failures_ >= limits_.failures_to_open; }
  result<bool> wanted(const storage::channel_event&) const;
  result<void> fill(time_point now);
  result<bool> take(const storage::feed::entry&, time_point now);
  slot* first_waiting();
  storage::webhook_delivery fly(slot&);
  storage::webhook_delivery fly(std::uint64_t parked_sequence);

  void endpoint_lives(time_point now);
  void all_due(time_point now);
  void endpoint_fails(const webhook_outcome&, time_point now);
  // After a failed attempt: parked, or dead when its time is over.
  void keep_or_bury(storage::webhook_delivery, const webhook_outcome&, time_point now);
  void park_followers(const message_id&, time_point now);
  void park(storage::webhook_delivery);
  void insert_parked(storage::webhook_delivery);
  void remove_parked(std::uint64_t sequence, time_point now);
  void queue_head(lane&);
  void bury(storage::webhook_delivery, time_point now);
  void drop_settled();
  bool too_old(const storage::webhook_delivery&, time_point now) const;
  std::chrono::microseconds pause(std::uint32_t failures, std::chrono::microseconds longest,
                                  const webhook_outcome&) const;
  std::uint64_t cursor() const;
  void say(log_level, std::string_view what, std::string_view detail = {}) const;

  std::shared_ptr<organisation_context> context_;
  storage::subscriptions kept_;
  storage::subscription who_;
  webhooks::filter filter_;
  webhook_limits limits_;

  storage::delivery_progress stored_;  // as last handed to a commit
  storage::delivery_progress progress_;
  std::uint64_t read_ = 0;  // position in the feed
  time_point newest_at_{};  // of the events read: none of the later ones was committed before
  bool may_have_more_ = true;
  std::unordered_set<std::uint64_t> settled_ahead_;  // beyond the stored cursor, found at load()

  std::deque<slot> window_;
  std::unordered_set<message_id> flying_messages_;  // of the window
  std::map<std::uint64_t, parked_event> parked_;
  std::unordered_map<message_id, lane> lanes_;
  std::set<std::pair<time_point, std::uint64_t>> ready_;   // heads of lanes, not in flight
  std::set<std::pair<time_point, std::uint64_t>> by_age_;  // all parked
  std::size_t flying_ = 0;
  std::uint32_t failures_ = 0;  // of the endpoint, in a row
  time_point probe_at_{};
  std::uint64_t dead_count_ = 0;
  std::uint64_t oldest_dead_ = 0;  // where to look for the oldest

  storage::batch pending_;
  std::optional<storage::batch> committing_;
  std::optional<time_point> flush_at_;  // the cursor is stored by then
  std::optional<time_point> commit_again_at_;
};

}  // namespace kp::actors
