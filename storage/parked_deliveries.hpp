#pragma once

#include "storage/engine.hpp"
#include "storage/records.hpp"

namespace kp::storage {

// A delivery of FIKS IO that is no message and never will be, kept as it came until an operator has
// looked at it.
struct parked_delivery {
  std::string id;       // by which it is found again: the same delivery has the same one
  std::string account;  // whose queue it came from
  std::string headers;  // JSON
  std::string reason;
  std::optional<blob_ref> body;
  time_point at{};
};
std::string encode(const parked_delivery&);
result<parked_delivery> decode_parked_delivery(std::string_view bytes);  // corrupt, unknown_format

class parked_deliveries {
 public:
  static constexpr std::size_t most = 1000;  // of one organisation; further ones stay at FIKS IO

  parked_deliveries(const engine& store, organisation_id organisation)
      : store_(store), organisation_(organisation) {}
  result<std::optional<parked_delivery>> find(std::string_view id) const;
  void put(batch&, const parked_delivery&) const;
  void remove(batch&, const parked_delivery&) const;
  result<std::vector<parked_delivery>> all() const;  // at most `most`

 private:
  const engine& store_;
  organisation_id organisation_;
};

}  // namespace kp::storage
