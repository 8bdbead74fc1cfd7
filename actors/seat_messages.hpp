#pragma once

#include "actors/caf.hpp"
#include "config/clock.hpp"
#include "config/error.hpp"
#include "config/ids.hpp"

#include <optional>
#include <string>
#include <vector>

// The inbound seats of an organisation: who receives by a service. Said to the organisation, which
// passes it to its channel router.

namespace kp::actors {

// Gives the seat to another channel, or back to the one that the configuration names. It holds
// until the configuration names that channel, or it is given back.
struct move_seat {  // -> seat_moved, when durable
  service via = service::dpo;
  std::optional<channel_name> to;     // nullopt: back
  std::string by;                     // who asks, for log and record
  std::optional<bool> waiting_moves;  // otherwise as the organisation's file says
};
struct seat_moved {
  std::optional<channel_name> from, to;
  std::uint64_t fence = 0;
  std::optional<kp::error> failure;  // permanent: the words say what to do
};

struct show_seats {};  // -> seats_shown
struct seat_view {
  service via = service::dpo;
  std::optional<channel_name> holder;      // nullopt: nobody here
  std::optional<channel_name> configured;  // in the organisation's file
  bool external = false;                   // the configured one is an installation elsewhere
  std::uint64_t fence = 0;
  std::optional<time_point> expires;
  std::optional<time_point> chosen_at;  // by an operator, against the file
  std::string chosen_by;
};
struct seats_shown {
  std::vector<seat_view> seats;
};

// What a channel router has passed over since it started.
struct count_left_alone {};  // -> left_alone_counts
struct left_alone_counts {
  std::uint64_t unknown_reference = 0;  // another installation's reference, or nobody's
  std::uint64_t external = 0;           // a channel of the file that is elsewhere
  std::uint64_t unknown_message = 0;    // statuses for messages that this hub has not sent
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::move_seat);
KP_MESSAGE(kp::actors::seat_moved);
KP_MESSAGE(kp::actors::show_seats);
KP_MESSAGE(kp::actors::seats_shown);
KP_MESSAGE(kp::actors::count_left_alone);
KP_MESSAGE(kp::actors::left_alone_counts);
