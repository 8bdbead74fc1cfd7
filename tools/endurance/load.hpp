#pragma once

#include "tools/crash/place.hpp"

#include <atomic>
#include <memory>

namespace kp::endurance {

// Steady work for a hub: every channel writes letters at its pace, every receiver peeks, pops and
// deletes, and senders follow statuses and remove the conversation when it has ended.
class load {
 public:
  load(crash::place& where, double letters_per_second);
  ~load();  // ends it

  std::uint64_t finished() const;
  // What was answered otherwise than it must be; empty: nothing.
  std::string problem() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace kp::endurance
