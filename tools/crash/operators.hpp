#pragma once

#include "tools/crash/place.hpp"

#include <memory>
#include <thread>

namespace kp::crash {

// What operators do meanwhile: one moves the inbound seat of Bergvik to and fro, another one takes
// an organisation out of the hub and puts it back.
class operators {
 public:
  operators(place&, findings&, std::atomic<unsigned>& calls);
  ~operators();
  operators(const operators&) = delete;
  operators& operator=(const operators&) = delete;

  // Gives the seat back and puts the organisation back. That all of the organisation's acknowledged
  // messages are there, now that it is.
  void check();
  unsigned moves() const { return moves_; }
  unsigned removals() const { return removals_; }

 private:
  void move_seats(const std::stop_token&);
  void come_and_go(const std::stop_token&);
  void move(const std::string& method, const std::string& body);
  void write_drafts(unsigned count, const std::stop_token&);
  bool serves(bool expected, const std::stop_token&);

  place& place_;
  findings& findings_;
  std::atomic<unsigned>& calls_;
  std::uint64_t fence_ = 0;  // of the seat, as last said
  std::atomic<unsigned> moves_{0}, removals_{0};
  std::atomic<bool> leaving_ = false;
  std::size_t drafts_ = 0;   // acknowledged
  std::size_t unclear_ = 0;  // perhaps made
  std::vector<std::jthread> threads_;
};

}  // namespace kp::crash
