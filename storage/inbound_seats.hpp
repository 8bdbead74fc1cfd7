#pragma once

#include "storage/repositories.hpp"

namespace kp::storage {

// An operator's word on who receives, against the configuration.
struct seat_choice {
  channel_number channel{};     // who is to receive
  channel_number configured{};  // whom the configuration named then; 0: nobody
  time_point at{};
  std::string by;  // who said so
};
std::string encode(const seat_choice&);
result<seat_choice> decode_seat_choice(std::string_view bytes);  // corrupt, unknown_format

// Who receives for one service of an organisation: one channel, by a lease whose fencing number
// every write in its name carries. A seat at rest may expire; it remembers who held it last.
class inbound_seats {
 public:
  static constexpr std::chrono::minutes life{15};

  inbound_seats(const engine& store, organisation_id organisation, service via);

  struct holder {
    channel_number channel{};
    lease held;
  };
  // Who held it last, in time or not; nullopt when nobody ever did.
  result<std::optional<holder>> find() const;

  // Adds giving the seat to `to` with the next fencing number (compare and set on `before`, which
  // find() said). What others write with an earlier number is refused from then on.
  holder give(batch&, const std::optional<holder>& before, channel_number to, time_point now) const;
  // For a write in the name of the holder: requires `fence`, and prolongs the lease when more than
  // half of its life is over.
  result<void> guard(batch&, const holder& current, std::uint64_t fence, time_point now) const;

  result<std::optional<seat_choice>> choice() const;
  void choose(batch&, const seat_choice&) const;
  void forget_choice(batch&) const;

  // The channels whose waiting messages are on their way to whoever receives.
  result<std::vector<channel_number>> followers() const;
  void follow(batch&, channel_number from) const;
  void settled(batch&, channel_number from) const;

 private:
  std::string key() const;
  std::string choice_key() const;
  std::string follower_key(channel_number) const;

  const engine& store_;
  organisation_id organisation_;
  service via_;
};

}  // namespace kp::storage
