#pragma once

#include "tools/crash/place.hpp"

#include <thread>

namespace kp::crash {

// Backs the hub up again and again while it is used and killed, and proves each backup that was
// finished. One that a kill has cut short must not pass for one.
class backups {
 public:
  backups(place&, findings&, std::atomic<unsigned>& calls);

  unsigned proved() const { return proved_; }

 private:
  void work(const std::stop_token&);
  void make(const std::string& folder, const std::stop_token&);
  void judge(const std::string& folder, bool done);
  std::string ask(const std::string& method, const std::string& body);

  place& place_;
  findings& findings_;
  std::atomic<unsigned>& calls_;
  std::atomic<unsigned> proved_{0};
  std::jthread thread_;  // the last one: it uses the others
};

}  // namespace kp::crash
