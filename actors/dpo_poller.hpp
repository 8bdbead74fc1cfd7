#pragma once

#include "actors/caf.hpp"
#include "actors/dpo_transport.hpp"
#include "actors/poll_pace.hpp"
#include "actors/tenants_messages.hpp"
#include "actors/transfer_memory.hpp"
#include "config/log.hpp"

#include <list>
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

struct dpo_poller_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<dpo_transport> transport;
  caf::actor router;
  caf::actor writer;
  std::chrono::milliseconds first_poll{0};
  working_mode mode = working_mode::normal;
};

// The receiving half of the DPO adapter: asks for arrivals in rounds, and takes each arrival from
// search to confirmation, one after the other (dpo.md 5.1 to 5.4). Runs in `self`.
class dpo_poller {
 public:
  static constexpr std::size_t page = 100;  // ids in one search answer
  // Downloads that were never confirmed are looked for at every tenth round, or this seldom.
  static constexpr int recovery_every = 10;
  static constexpr std::chrono::minutes seldom{10};
  static constexpr std::size_t max_overviews = 8;          // at a time
  static constexpr std::uint32_t max_unusable = 5;         // tries with a broken transfer
  static constexpr std::chrono::minutes longest_pause{5};  // between rounds that fail
  static constexpr std::chrono::hours longest_rest{1};     // whatever Retry-After says

  dpo_poller(caf::event_based_actor* self, dpo_poller_args args);

  // As outbox_sender's. Only in the modes that receive is anything asked for.
  void use(std::shared_ptr<organisation_context>, std::shared_ptr<dpo_transport>);
  void work_in(working_mode mode);
  bool idle() const { return phase_ == phase::resting; }

  void start();
  // Something was sent, to which an answer may come: a quiet organisation is asked after sooner.
  void expect();
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
  bool is_recovery_due() const;
  std::chrono::microseconds usual_pause() const;
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
  dpo_poller_args args_;
  transfer_memory memory_;
  bool loaded_ = false;

  working_mode mode_ = working_mode::normal;
  poll_pace pace_;
  std::uint64_t epoch_ = 0;
  std::map<std::string, time_point> recovered_;  // when each system user's were looked for
  std::uint64_t step_ = 0;
  phase phase_ = phase::resting;

  // One round. Lists, which take no room while they are empty.
  // To be asked still, the current one in front. What a round leaves, the next one begins with.
  std::list<maskinporten::system_user> users_;
  std::list<std::string> candidates_;
  std::size_t overviews_ = 0;       // under way
  std::list<transfer_work> todo_;  // the current one in front
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
