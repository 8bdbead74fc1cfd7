#pragma once

#include "actors/caf.hpp"
#include "actors/service_port.hpp"
#include "actors/tenants_messages.hpp"

#include <map>

namespace kp::actors {

// What the follower says to its own actor.
struct follow_look {  // something may be due; only the newest counts
  std::uint64_t epoch = 0;
};
struct follow_answered {
  std::uint64_t step = 0;  // the number of the question; answers to older ones are void
  std::vector<progress> all;
  std::optional<error> failure;  // of the question as a whole
};

struct status_follower_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<service_port> port;
  caf::actor writer;
  caf::actor_addr organisation;  // receives expiry_changed
  working_mode mode = working_mode::normal;
};

// Asks the service how messages fare that have been handed to it, a bounded batch at a time, each
// message ever more seldom as it grows old (port_rules::pace), and registers what it says. A
// message is followed until the port says that it has ended, its conversation can take no further
// status or is gone, or its time is over. What is followed is in the store (storage/tracking.hpp).
// Runs in `self`; asks in the modes that receive.
class status_follower {
 public:
  static constexpr std::chrono::seconds longest_sleep{60};    // also without a nudge
  static constexpr std::chrono::seconds after_trouble{60};    // when nothing could be asked
  static constexpr std::chrono::hours longest_rest{1};        // whatever the service says
  static constexpr std::chrono::minutes answer_deadline{30};  // a question that hangs is repeated

  status_follower(caf::event_based_actor* self, status_follower_args args);

  void use(std::shared_ptr<organisation_context>, std::shared_ptr<service_port>);
  void work_in(working_mode mode);
  bool idle() const { return !asking_; }

  void look();
  void on_look(const follow_look&);
  void on_answered(const follow_answered&);

 private:
  void ask(std::vector<storage::tracked> which);
  void note(const storage::tracked&, const progress&);
  result<storage::batch> decide(const storage::tracked&, const progress&, bool& expiry_grew) const;
  storage::tracked next_time(storage::tracked, const progress&) const;
  void noted();
  void rest(const error& why);
  void wake_in(std::chrono::microseconds delay);
  void say(std::string_view what, const message_id&, std::string_view detail) const;

  const organisation_context& in() const { return *args_.context; }
  service via() const { return args_.port->which(); }
  storage::tracking tracked() const { return {in().hub->store, in().id(), via()}; }
  time_point now() const { return in().hub->time.now(); }
  bool asks() const {
    return mode_ == working_mode::normal || mode_ == working_mode::receiving_only;
  }

  caf::event_based_actor* self_;
  status_follower_args args_;
  working_mode mode_;
  std::map<message_id, storage::tracked> asked_;  // of the question under way
  bool asking_ = false;
  std::size_t noting_ = 0;  // answers being committed
  time_point asked_at_{};
  time_point cursor_{};
  std::optional<time_point> rest_until_;  // the service wants rest
  std::uint64_t step_ = 0;
  std::uint64_t epoch_ = 0;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::follow_look);
KP_MESSAGE(kp::actors::follow_answered);
