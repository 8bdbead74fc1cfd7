#pragma once

#include "actors/caf.hpp"
#include "actors/service_port.hpp"
#include "actors/tenants_messages.hpp"
#include "config/log.hpp"

#include <functional>
#include <map>

namespace kp::actors {

// What the sender says to its own actor.
struct outbox_look {  // something may be due; only the newest counts
  std::uint64_t epoch = 0;
};
struct claims_look {};  // claims of work in progress are to be renewed
struct item_sent {      // an attempt has ended
  storage::row_id item = 0;
  std::uint64_t attempt = 0;
  sent_item what;
  std::optional<error> failure;
};

struct outbox_sender_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<service_port> port;
  caf::actor writer;
  caf::actor_addr organisation;              // receives expiry_changed
  working_mode mode = working_mode::normal;  // it begins in
  std::function<void()> follows = {};        // one more message is tracked
};

// After how many failed attempts nothing is tried any more (dpo.md 4.4: 5 + 100 redeliveries).
inline constexpr std::uint32_t max_failures = 5 + 100;
// The pause after the `failures`-th failed attempt: 20, 60, 180, 540, 1620, then 3600 s.
std::chrono::seconds retry_delay(std::uint32_t failures);

// The sending half of an adapter: claims due items of the service's outbox, a bounded number at a
// time, and sees each to its end: SENDT and what the port says besides, a later attempt, FEIL or
// LEVETID_UTLOPT (dpo.md 4.4, 5.7; the same queue for every service). Runs in `self`.
class outbox_sender {
 public:
  static constexpr std::size_t max_in_flight = 10;
  // Renewed while it works. A restarted adapter takes up what it was sending after at most this
  // long, a restarted hub at once.
  static constexpr std::chrono::seconds claim_ttl{60};
  static constexpr std::chrono::seconds renew_after{20};
  // Also without a nudge the outbox is looked at this often.
  static constexpr std::chrono::seconds longest_sleep{60};
  static constexpr std::chrono::seconds after_trouble{5};

  outbox_sender(caf::event_based_actor* self, outbox_sender_args args);

  // What begins from now on follows these; what is under way ends as it began.
  void use(std::shared_ptr<organisation_context>, std::shared_ptr<service_port>);
  void work_in(working_mode mode);
  // Nothing is being sent, and when it sends only, nothing waits to be sent either.
  bool idle() const;

  void look();
  void on_look(const outbox_look&);
  void on_claims(const claims_look&);
  void on_sent(const item_sent&);

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
  void put_off(const work&, time_point due);  // its turn has not come
  void keep(const work&, std::function<void(storage::batch&)> for_later);
  // How an item ends. `sent` is what the service said of it, if it was sent.
  struct ending {
    std::vector<storage::status_change> statuses = {};
    std::optional<sent_item> sent = {};
    std::vector<storage::blob_ref> freed = {};  // filled in by decide_end()
    bool expiry_grew = false, tracked = false;  // the same
  };
  void settle(const work&, ending how);
  result<storage::batch> decide_end(const work&, ending& how) const;
  result<void> add_outcome(storage::batch&, const work&, ending& how) const;
  sending as_sending(const work&) const;
  void ended(storage::row_id item);
  void renew(work&);
  void sleep();
  void wake_in(std::chrono::microseconds delay);
  void say(log_level, std::string_view what, const storage::outbox_item&,
           std::string_view detail = {}) const;

  const organisation_context& in() const { return *args_.context; }
  service via() const { return args_.port->which(); }
  storage::outbox outbox() const { return in().outbox(via()); }
  time_point now() const { return in().hub->time.now(); }

  caf::event_based_actor* self_;
  outbox_sender_args args_;
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
KP_MESSAGE(kp::actors::item_sent);
