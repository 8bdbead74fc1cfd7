#pragma once

#include "metrics/hub_meters.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace kp::actors {

// Counts and times the requests to the REST API. Each combination of place and status is looked up
// once and kept. Network thread only.
class request_meters {
 public:
  explicit request_meters(std::shared_ptr<metrics::hub_meters> meters);

  // A request that is being handled; it counts as such until it is destroyed.
  class visit {
   public:
    explicit visit(const request_meters& in) : in_(in) { in_.meters_->requests_in_flight.add(1); }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit() { in_.meters_->requests_in_flight.add(-1); }

    std::size_t place = 0;  // in route_places()
    std::chrono::steady_clock::duration age() const {
      return std::chrono::steady_clock::now() - begun_;
    }

   private:
    const request_meters& in_;
    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  };

  // The head of the answer is there.
  void answered(const visit&, unsigned status);
  void sign_in_failed() { sign_in_failures_.add(); }

 private:
  metrics::histogram find(std::size_t place, unsigned status);

  std::shared_ptr<metrics::hub_meters> meters_;
  metrics::counter sign_in_failures_;
  // By place; the few statuses that a place has answered with.
  std::vector<std::vector<std::pair<unsigned, metrics::histogram>>> seen_;
};

}  // namespace kp::actors
