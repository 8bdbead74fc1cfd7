#pragma once

#include "actors/service_port.hpp"
#include "protocol/dpe/bus.hpp"

#include <chrono>
#include <map>

namespace kp::actors {

// What has been taken out of the own queue under a lock and is not settled yet. Every delivery of a
// message is counted by the broker, which sets it aside when there were too many; so one that
// cannot be stored because of trouble here stays locked, and is tried again from what was read the
// first time (dpe.md 6.5). Plain state; lives on the network thread.
class dpe_letterbox {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t most = 10;                 // at a time; the others wait in the queue
  static constexpr std::chrono::seconds renew_every{20};  // a lock lasts a minute
  // Longer than this times the deliveries that the broker allows nothing lives.
  static constexpr std::chrono::hours longest{3};
  // One that nobody asks for is another reader's after all.
  static constexpr std::chrono::minutes unasked{10};

  struct held {
    dpe::locked_message lock;
    std::shared_ptr<spool> body;
    clock::time_point since{};
    bool asked_for = false;
    std::string trouble = {};  // why it cannot be read
  };

  bool has_room() const { return held_.size() < most; }
  bool empty() const { return held_.empty(); }
  void put(held one);
  held* find(const std::string& id);
  void drop(const std::string& id) { held_.erase(id); }
  // Takes out what has been held for long enough, to be unlocked.
  std::vector<dpe::locked_message> let_go(clock::time_point now);
  std::vector<dpe::locked_message> locks() const;
  // In the order in which they were sent.
  std::vector<waiting> list() const;

 private:
  std::map<std::string, held> held_;  // by the broker's message id
};

}  // namespace kp::actors
