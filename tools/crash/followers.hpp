#pragma once

#include "tools/crash/place.hpp"

#include <deque>
#include <memory>
#include <thread>

namespace kp::crash {

// Who is told what happens in every channel, each in a way of its own: a subscriber of webhooks, a
// reader of the event stream that resumes it after every kill, and, where statuses are queued, one
// who takes them off. What they hear is held against what clients see, and against each other:
// nothing of another organisation, in order, no gap; from the stream and the queue nothing twice.
class followers {
 public:
  // Subscribes, and waits until everybody listens.
  followers(place&, findings&, std::atomic<unsigned>& calls);
  ~followers();
  followers(const followers&) = delete;
  followers& operator=(const followers&) = delete;

  // That all have heard of every status that the senders of the letters have seen, in time.
  void check(const model&);

 private:
  // Of one channel.
  struct follower;
  void stream(follower&, const std::stop_token&);
  void take_queued(follower&, const std::stop_token&);
  bool has_left(follower&, const boost::json::value& message, const std::string& id);
  void subscribe(follower&);
  void change_subscriptions(const std::stop_token&);
  std::string missing(follower&, const letter&);

  place& place_;
  findings& findings_;
  std::atomic<unsigned>& calls_;
  std::deque<follower> all_;
  std::vector<std::jthread> threads_;
};

}  // namespace kp::crash
