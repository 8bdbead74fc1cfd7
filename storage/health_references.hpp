#pragma once

#include "storage/engine.hpp"
#include "storage/records.hpp"

namespace kp::storage {

// What the health network calls a message that has arrived, so that a receipt can be given for it,
// and for none that came to somebody else.
struct health_reference {
  std::string id;  // at NHN
  message_id message;
  std::string receiver;  // "her-id:8093", to whom it came
  std::string sender;    // who receives the receipt
  time_point arrived{};
};
std::string encode(const health_reference&);
result<health_reference> decode_health_reference(
    std::string_view bytes);  // corrupt, unknown_format

// Those of one organisation. No key names a channel: a HER-id is one channel's at a time.
class health_references {
 public:
  health_references(const engine& store, organisation_id organisation)
      : store_(store), organisation_(organisation) {}
  result<std::optional<health_reference>> find(std::string_view id) const;
  // For one that is not there yet.
  void put(batch&, const health_reference&) const;
  // Takes out those that arrived before `when`, the oldest first, at most `limit`.
  result<void> forget(batch&, time_point when, std::size_t limit) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

}  // namespace kp::storage
