#pragma once

#include "actors/caf.hpp"
#include "actors/poll_pace.hpp"
#include "actors/service_port.hpp"
#include "actors/tenants_messages.hpp"
#include "actors/transfer_memory.hpp"
#include "config/log.hpp"

#include <deque>

namespace kp::actors {

// What the poller says to its own actor. `step` is the number of the question that is answered;
// answers to older ones are void.
struct inbound_look {
  std::uint64_t epoch = 0;
};
struct inbound_listed {
  std::uint64_t step = 0;
  std::vector<waiting> all;
  std::optional<error> failure;
};
struct inbound_fetched {
  std::uint64_t step = 0;
  std::shared_ptr<fetched> what;
};
struct inbound_confirmed {
  std::uint64_t step = 0;
  std::optional<error> failure;
};

struct inbound_poller_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<service_port> port;
  caf::actor router;
  caf::actor writer;
  std::chrono::milliseconds first_poll{0};
  working_mode mode = working_mode::normal;
};

// Asks a service for arrivals in rounds and takes each, one after the other: to whom it belongs, by
// the channel router; fetched; stored; and only then confirmed. What is stored is on record in the
// same commit (storage::transfers), so that after a crash it is confirmed and not delivered again.
// What belongs to nobody here is left alone. Runs in `self`; asks in the modes that receive.
class inbound_poller {
 public:
  static constexpr std::chrono::minutes longest_pause{5};  // between rounds that fail
  static constexpr std::chrono::hours longest_rest{1};     // whatever the service says
  static constexpr std::size_t most_in_a_round = 1000;     // the others wait for the next one

  inbound_poller(caf::event_based_actor* self, inbound_poller_args args);

  void start();
  void use(std::shared_ptr<organisation_context>, std::shared_ptr<service_port>);
  void work_in(working_mode mode);
  // Something has come: asks at once, or as soon as this round is over.
  void look();
  bool idle() const { return !at_it_; }
  // A message went, to which an answer may come: the usual pace again.
  void expect();

  void on_look(const inbound_look&);
  void on_listed(const inbound_listed&);
  void on_fetched(const inbound_fetched&);
  void on_confirmed(const inbound_confirmed&);

 private:
  result<void> load();
  void next();
  void route();
  void fetch();
  void deliver(std::shared_ptr<fetched>);
  void confirm(taken how);
  void done_with_it();
  void trouble(const error& why, bool counts);
  void give_up(const error& why);
  void keep(const storage::transfer&);
  void end_round();
  std::chrono::microseconds usual_pause() const;
  void look_in(std::chrono::microseconds delay);
  void rest(const error& why);
  void say(log_level, std::string_view what, std::string_view detail = {}) const;

  const organisation_context& in() const { return *args_.context; }
  service via() const { return args_.port->which(); }
  storage::transfers transfers() const { return in().transfers(via()); }
  time_point now() const { return in().hub->time.now(); }
  bool asks() const {
    return args_.port->rules().receives &&
           (mode_ == working_mode::normal || mode_ == working_mode::receiving_only);
  }
  const std::string& current() const { return todo_.front().id; }
  transfer_memory::own& own_of(const std::string& id);

  caf::event_based_actor* self_;
  inbound_poller_args args_;
  working_mode mode_;
  transfer_memory memory_;
  bool loaded_ = false;
  bool at_it_ = false;          // a round is under way
  std::deque<waiting> todo_;    // the current one in front
  channel_number channel_{};    // of the current one
  std::uint64_t fence_ = 0;     // of its inbound seat
  taken how_ = taken::stored;   // the current one is confirmed
  std::uint32_t failures_ = 0;  // of rounds, in a row
  bool progress_ = false;       // something was taken in this round
  bool again_ = false;          // look() was called during it
  poll_pace pace_;
  std::optional<time_point> rest_until_;
  std::uint64_t step_ = 0;
  std::uint64_t epoch_ = 0;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::inbound_look);
KP_MESSAGE(kp::actors::inbound_listed);
KP_MESSAGE(kp::actors::inbound_fetched);
KP_MESSAGE(kp::actors::inbound_confirmed);
