#pragma once

#include "config/ids.hpp"
#include "protocol/http/async.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

// Who waits for something new in a channel's feed hears a bell instead of asking again and again.
// The store writer rings it when a commit that appends to the feed has become durable. No CAF here.

namespace kp::actors {

class bells {
  struct listener;

 public:
  using place = std::pair<organisation_id, channel_number>;

  // Listens for as long as it lives.
  class subscription {
   public:
    subscription() = default;
    subscription(subscription&&) = default;
    subscription& operator=(subscription&&) = default;

   private:
    friend class bells;
    explicit subscription(std::shared_ptr<listener> heard) : heard_(std::move(heard)) {}
    std::shared_ptr<listener> heard_;
  };

  // From any thread. Calls `rung` on the thread that rings, possibly once more just after the
  // subscription has ended: it must not block nor throw, and own what it touches. To an actor:
  // [me = caf::actor_cast<caf::actor_addr>(self)] { …anon_send… }. To miss nothing, subscribe first
  // and read the feed then.
  [[nodiscard]] subscription listen(place where, std::function<void()> rung);

  // From any thread: something new is durable there.
  void ring(place where);
  // Whether anybody listens anywhere; who rings can spare itself the trouble when not.
  bool heard() const;

 private:
  struct listener {
    std::function<void()> rung;
  };
  // Listeners that are gone are swept when their place rings or gets another one.
  mutable std::mutex mutex_;
  std::map<place, std::vector<std::weak_ptr<listener>>> listeners_;
};

// A coroutine's ear; on the network thread. Made before the feed is read, it misses nothing.
class bell_ear {
 public:
  bell_ear(bells& where, bells::place place, http::asio::any_io_executor executor);
  ~bell_ear();
  bell_ear(const bell_ear&) = delete;
  bell_ear& operator=(const bell_ear&) = delete;

  // True when it has rung since the last wait ended, as soon as it does; false after `at_most` or
  // when interrupted. One wait at a time.
  http::awaitable<bool> wait(std::chrono::milliseconds at_most);
  // Ends the wait that goes on and every later one at once.
  void interrupt();
  bool interrupted() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
  bells::subscription subscription_;
};

}  // namespace kp::actors
