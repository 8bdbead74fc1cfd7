#pragma once

#include "actors/dpo_adapter.hpp"
#include "actors/dpo_transport.hpp"
#include "config/log.hpp"

#include <map>

namespace kp::actors {

// What the sender says to its own actor.
struct outbox_look {  // something may be due; only the newest counts
  std::uint64_t epoch = 0;
};
struct claims_look {};  // claims of work in progress are to be renewed
struct dpo_sent {       // an attempt has ended
  storage::row_id item = 0;
  std::uint64_t attempt = 0;
  std::string transfer;
  std::optional<error> failure;
};

// The sending half of the DPO adapter: claims due items of the outbox, a bounded number at a time,
// and sees each to its end: SENDT, a later attempt, FEIL or LEVETID_UTLOPT (dpo.md 4.4, 5.7). Runs
// in `self`.
class dpo_sender {
 public:
  static constexpr std::size_t max_in_flight = 10;
  // Renewed while it works. A restarted adapter takes up what it was sending after at most this
  // long, a restarted hub at once.
  static constexpr std::chrono::seconds claim_ttl{60};
  static constexpr std::chrono::seconds renew_after{20};
  // Also without a nudge the outbox is looked at this often.
  static constexpr std::chrono::seconds longest_sleep{60};
  static constexpr std::chrono::seconds after_trouble{5};

  dpo_sender(caf::event_based_actor* self, const dpo_adapter_args& args);

  // What begins from now on follows these; what is under way ends as it began.
  void use(const settings_changed& now);
  void work_in(working_mode mode);
  // Nothing is being sent, and when it sends only, nothing waits to be sent either.
  bool idle() const;

  void look();
  void on_look(const outbox_look&);
  void on_claims(const claims_look&);
  void on_sent(const dpo_sent&);

 private:
  struct work {
    storage::outbox::claimed claimed;
    std::optional<storage::outgoing_message> message;
    std::uint64_t attempt = 0;
  };

  void recover();
  void take(std::vector<storage::outbox::claimed> due);
  void begin(work&);
  result<std::optional<time_point>> wait_for_earlier_status(const storage::outbox_item&) const;
  void failed(const work&, const error& why);
  void give_up(const work&, storage::status_change last);
  void postpone(const work&, time_point due, std::string why);
  void settle(const work&, std::optional<storage::status_change> last);
  result<storage::batch> decide_end(const work&, const std::optional<storage::status_change>& last,
                                    std::vector<storage::blob_ref>& freed) const;
  void ended(storage::row_id item);
  void renew(work&);
  void sleep();
  void wake_in(std::chrono::microseconds delay);
  void say(log_level, std::string_view what, const storage::outbox_item&,
           std::string_view detail = {}) const;

  const organisation_context& in() const { return *args_.context; }
  storage::outbox outbox() const { return in().outbox(service::dpo); }
  time_point now() const { return in().hub->time.now(); }

  caf::event_based_actor* self_;
  dpo_adapter_args args_;
  std::string owner_;  // of the claims: this actor, this life
  std::map<storage::row_id, work> in_flight_;
  time_point cursor_{};
  bool recovered_ = false;  // claims of earlier runs have been given back
  bool claiming_ = false;
  working_mode mode_ = working_mode::normal;
  bool again_ = false;     // a nudge came while claiming
  bool renewing_ = false;  // a claims_look is under way
  std::uint64_t epoch_ = 0;
  std::uint64_t attempts_ = 0;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::outbox_look);
KP_MESSAGE(kp::actors::claims_look);
KP_MESSAGE(kp::actors::dpo_sent);
