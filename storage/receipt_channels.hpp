#pragma once

#include "storage/engine.hpp"
#include "storage/records.hpp"

namespace kp::storage {

// A channel (kanal) that receipts of DPI come under, and when it was last configured. Receipts of
// what was sent on it keep coming there after that.
struct receipt_channel {
  std::string name;  // as corner 2 takes it; "" for those who use none
  time_point last_used{};
};
std::string encode(const receipt_channel&);
result<receipt_channel> decode_receipt_channel(std::string_view bytes);  // corrupt, unknown_format

// Those of one organisation. No key names a channel of the hub: receipts find their message.
class receipt_channels {
 public:
  static constexpr std::size_t most = 1000;  // further ones are not read

  receipt_channels(const engine& store, organisation_id organisation)
      : store_(store), organisation_(organisation) {}
  void put(batch&, const receipt_channel&) const;
  result<std::vector<receipt_channel>> all() const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

}  // namespace kp::storage
