#pragma once

#include "actors/bridge.hpp"
#include "actors/channel_router.hpp"
#include "actors/seat_messages.hpp"
#include "storage/inbound_seats.hpp"

#include <map>

namespace kp::actors {

// Messages that nobody has peeked follow their seat, some at a time.
struct move_followers {
  service via = service::dpo;
  std::uint64_t epoch = 0;
};

// The inbound seats of one organisation: who holds which, moving them, and what follows them. Runs
// in the channel router, which is the only one to change them.
class router_seats {
 public:
  static constexpr std::size_t followers_at_once = 64;          // in one commit
  static constexpr std::chrono::seconds look_again{30};         // when nothing could be moved
  static constexpr std::chrono::milliseconds next_portion{20};  // lets others commit between

  router_seats(caf::event_based_actor* self, channel_router_args args);

  // Gives every seat to whom the configuration, or an operator against it, names.
  void start();
  // The same again, by new settings.
  void use(const std::shared_ptr<organisation_context>& now) {
    args_.context = now;
    start();
  }
  void on_move(const move_seat&, reply<seat_moved>);
  void on_followers(const move_followers&);
  seats_shown show() const;

  // Who receives now.
  std::optional<storage::inbound_seats::holder> holder(service) const;
  // For what is stored in the name of the seat: requires its fence in the commit. The error when
  // the store cannot be read.
  result<void> guard(storage::batch&, service, std::uint64_t fence) const;
  // What the store says now, after a write was refused for its fence.
  void read_again(service);

 private:
  struct plan {
    std::optional<channel_number> to;
    std::optional<storage::seat_choice> choice;
  };
  storage::inbound_seats seats(service) const;
  std::optional<channel_number> configured(service) const;
  result<plan> wanted(service) const;
  result<storage::batch> settle(service);
  void settled(service, const result<void>&);
  std::optional<channel_name> name_of(std::optional<channel_number>) const;
  // Why the channel cannot receive, as a sentence; empty when it can.
  std::string refusal(service, const channel_name&) const;
  result<storage::batch> follow(service, std::size_t& moved, std::optional<time_point>& next) const;
  bool stays(const storage::inbound_message&) const;
  void follow_in(service, std::chrono::microseconds);

  const organisation_context& in() const { return *args_.context; }
  time_point now() const { return in().hub->time.now(); }

  caf::event_based_actor* self_;
  channel_router_args args_;
  std::map<service, storage::inbound_seats::holder> held_;
  std::map<service, std::uint64_t> epochs_;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::move_followers);
