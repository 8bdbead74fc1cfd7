#pragma once

#include "storage/engine.hpp"
#include "storage/records.hpp"

namespace kp::storage {

// A message that went through KS FIKS IO, by its id there: what answers and notices of FIKS IO
// name.
struct fiks_note {
  std::string id;  // at FIKS IO, a UUID in lower case
  direction way = direction::outgoing;
  message_id message;       // of the hub; of an incoming one it is the id
  std::string account;      // our own
  std::string other;        // whose it came from, or to whom it went
  std::string correlation;  // klientKorrelasjonsId, to be copied into answers; "" for none
  time_point at{};
};
std::string encode(const fiks_note&);
result<fiks_note> decode_fiks_note(std::string_view bytes);  // corrupt, unknown_format

// Those of one organisation. No key names a channel: whose a message is, its conversation tells.
class fiks_notes {
 public:
  fiks_notes(const engine& store, organisation_id organisation)
      : store_(store), organisation_(organisation) {}
  result<std::optional<fiks_note>> find(std::string_view id) const;
  void put(batch&, const fiks_note&) const;
  // Removes what is older than `before`, at most `limit`; how many.
  result<std::size_t> forget(batch&, time_point before, std::size_t limit) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

}  // namespace kp::storage
