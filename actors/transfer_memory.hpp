#pragma once

#include "storage/repositories.hpp"

#include <map>

namespace kp::actors {

// What is remembered between rounds of what waits at a service (DPO calls it file transfers), so
// that none is asked about in vain or forgotten. Plain state with bounds.
class transfer_memory {
 public:
  static constexpr std::size_t max_notes = 10'000;
  static constexpr std::chrono::hours note_life{2};        // unseen for so long: forgotten
  static constexpr std::chrono::hours foreign_recheck{1};  // channels may change hands
  static constexpr std::chrono::minutes grace{30};         // another installation may be at it

  static constexpr std::chrono::hours forget_given_up{31 * 24};  // the service has, by then

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

}  // namespace kp::actors
