#pragma once

#include "actors/service_port.hpp"
#include "protocol/dpfio/received.hpp"

#include <chrono>
#include <map>

namespace kp::actors {

// What has come from the queues of an organisation's accounts and is not acknowledged yet. FIKS IO
// counts how often it delivers a message and gives it up after three times, so one that cannot be
// stored because of trouble here is never handed back: it stays, and is tried again (dpfio.md 6.4).
// The prefetch bounds how many there are. Plain state; lives on the network thread.
class dpfio_letterbox {
 public:
  using clock = std::chrono::steady_clock;

  // By what a delivery is acknowledged: on the connection that it came by, while that lasts.
  struct ticket {
    std::uint64_t connection = 0;
    std::uint16_t channel = 0;
    std::uint64_t tag = 0;
  };
  struct held {
    std::string id;
    std::string account;
    dpfio::delivery raw;
    result<dpfio::received> what;  // bad_delivery: it is no message
    std::vector<ticket> tickets;   // more than one when it was delivered twice
    clock::time_point since{};
  };

  // One that is there already only has one ticket more.
  void put(std::uint64_t connection, dpfio::delivery one, clock::time_point now);
  const held* find(const std::string& id) const;
  void drop(const std::string& id);
  // The connection is over: what came by it comes again.
  void forget(std::uint64_t connection);
  bool empty() const { return held_.empty(); }
  // In the order in which they came.
  std::vector<waiting> list() const;

 private:
  std::map<std::uint64_t, held> held_;           // by a number that rises
  std::map<std::string, std::uint64_t> number_;  // by id
  std::uint64_t last_ = 0;
};

}  // namespace kp::actors
