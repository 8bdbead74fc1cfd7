#pragma once

#include "actors/dpo_adapter.hpp"
#include "actors/dpo_transport.hpp"
#include "config/log.hpp"

#include <deque>
#include <map>
#include <set>

namespace kp::actors {

// What the poller says to its own actor. `step` is the number of the question that is answered;
// answers to older ones are void.
struct poll_now {
  std::uint64_t epoch = 0;
};
struct dpo_found {  // a search has ended
  std::uint64_t step = 0;
  std::vector<std::string> ids;
  std::optional<error> failure;
};
struct dpo_seen {  // an overview has come
  std::uint64_t step = 0;
  std::string id;
  altinn::overview what;
  std::optional<error> failure;
};
struct dpo_fetched {  // a download has ended
  std::uint64_t step = 0;
  std::shared_ptr<fetched> what;
};
struct dpo_confirmed {
  std::uint64_t step = 0;
  std::optional<error> failure;
};

// What is remembered of file transfers between rounds, so that none is asked about in vain or
// forgotten. Plain state with bounds.
class transfer_memory {
 public:
  static constexpr std::size_t max_notes = 10'000;
  static constexpr std::chrono::hours note_life{2};        // unseen for so long: forgotten
  static constexpr std::chrono::hours foreign_recheck{1};  // channels may change hands
  static constexpr std::chrono::minutes grace{30};         // another installation may be at it

  static constexpr std::chrono::hours forget_given_up{31 * 24};  // Broker has removed it by then

  // One of ours: its record is in the store.
  struct own {
    storage::transfer record;
    time_point next{};            // not before
    std::uint32_t failures = 0;   // in a row, for the back-off
    bool download_again = false;  // stored, but the confirmation was refused
    bool stored() const {
      return record.state == storage::transfer_state::stored && !download_again;
    }
    bool given_up() const { return record.state == storage::transfer_state::left_alone; }
  };

  // Whether a transfer that waits for a download may be looked at now.
  bool may_look(const std::string& id, time_point now) const;
  // The same for one that somebody has begun to download: ours, or after the grace from when it was
  // first seen like that.
  bool may_recover(const std::string& id, time_point now);
  void is_foreign(const std::string& id, time_point now);
  void failed(const std::string& id, time_point now);  // its overview
  void forget(const std::string& id);
  void tidy(time_point now);

  std::map<std::string, own> owned;

 private:
  struct note {
    time_point first{};
    time_point touched{};
    time_point not_before{};
    std::uint32_t failures = 0;
  };
  note& touch(const std::string& id, time_point now);
  std::map<std::string, note> notes_;
};

// The pause after the `failures`-th failure in a row with one transfer: 1, 2, 4 ... 60 minutes.
std::chrono::seconds transfer_delay(std::uint32_t failures);

// The receiving half of the DPO adapter: asks for arrivals in rounds, and takes each arrival from
// search to confirmation, one after the other (dpo.md 5.1 to 5.4). Runs in `self`.
class dpo_poller {
 public:
  static constexpr std::size_t page = 100;                 // ids in one search answer
  static constexpr std::uint64_t recovery_every = 10;      // rounds
  static constexpr std::size_t max_overviews = 8;          // at a time
  static constexpr std::uint32_t max_unusable = 5;         // tries with a broken transfer
  static constexpr std::chrono::minutes longest_pause{5};  // between rounds that fail
  static constexpr std::chrono::hours longest_rest{1};     // whatever Retry-After says

  dpo_poller(caf::event_based_actor* self, const dpo_adapter_args& args);

  // As dpo_sender's. Only in the modes that receive is anything asked for.
  void use(const settings_changed& now);
  void work_in(working_mode mode);
  bool idle() const { return phase_ == phase::resting; }

  void start();
  void on_poll(const poll_now&);
  void on_found(const dpo_found&);
  void on_seen(const dpo_seen&);
  void on_fetched(const dpo_fetched&);
  void on_confirmed(const dpo_confirmed&);

 private:
  struct transfer_work {
    std::string id;
    std::optional<altinn::overview> what;  // absent: stored before, only to be confirmed
    channel_number channel{};
    std::uint64_t fence = 0;  // of the inbound seat
  };
  enum class phase { resting, searching, recovering, looking, working };

  result<void> load();
  void begin_round();
  void next_user();
  void search(altinn::recipient_status);
  void introduce(const dpo_found&);
  void look_at_candidates();
  void ask_overviews();
  void work();
  void next_transfer();
  void route();
  void record_download();
  void fetch();
  void deliver(std::shared_ptr<fetched>);
  void confirm();
  void finish_transfer();
  void trouble(const error& why, bool counts);
  void end_round();
  void poll_in(std::chrono::microseconds delay);
  void rest(const error& why);
  void search_failed(const error& why);
  void keep(const storage::transfer&, std::function<void()> then);
  storage::transfer blame(const std::string& id, const error& why, bool counts);
  void say(log_level, std::string_view what, std::string_view id,
           std::string_view detail = {}) const;

  const organisation_context& in() const { return *args_.context; }
  storage::transfers transfers() const { return in().transfers(service::dpo); }
  time_point now() const { return in().hub->time.now(); }
  bool asks() const {
    return mode_ == working_mode::normal || mode_ == working_mode::receiving_only;
  }
  const transfer_memory::own* owned(const std::string& id) const;
  // One of ours that another system user than the current one sees.
  bool is_of_another(const transfer_memory::own&) const;
  transfer_memory::own& take(const std::string& id);  // on record as the current system user's

  caf::event_based_actor* self_;
  dpo_adapter_args args_;
  transfer_memory memory_;
  bool loaded_ = false;

  working_mode mode_ = working_mode::normal;
  std::uint64_t epoch_ = 0;
  std::uint64_t rounds_ = 0;
  std::uint64_t step_ = 0;
  phase phase_ = phase::resting;

  // One round.
  // To be asked still, the current one in front. What a round leaves, the next one begins with.
  std::deque<maskinporten::system_user> users_;
  std::deque<std::string> candidates_;
  std::size_t overviews_ = 0;       // under way
  std::deque<transfer_work> todo_;  // the current one in front
  bool more_ = false;               // a search answer was full
  bool progress_ = false;
  std::optional<time_point> rest_until_;  // the national service wants rest
  // How often in a row each system user's organisation could not ask.
  std::map<std::string, std::uint32_t> failures_;
  std::set<std::string> introduced_;  // organisations of system users that have been asked for once
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::poll_now);
KP_MESSAGE(kp::actors::dpo_found);
KP_MESSAGE(kp::actors::dpo_seen);
KP_MESSAGE(kp::actors::dpo_fetched);
KP_MESSAGE(kp::actors::dpo_confirmed);
