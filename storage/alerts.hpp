#pragma once

#include "storage/feed.hpp"
#include "storage/statistics.hpp"

// What operators are to be told, kept until every place that is told has taken it.

namespace kp::storage {

// Numbers are stored: never change one.
enum class alert_kind : std::uint8_t {
  failed = 1,         // FEIL was registered
  expired = 2,        // LEVETID_UTLOPT was registered
  silence = 3,        // nothing has been delivered for long, although messages were sent
  silence_ended = 4,  // something has been delivered again
  parked = 5,         // a delivery that cannot be received is kept for operators
};
std::string_view to_string(alert_kind);  // "failed" ...

struct alert {
  alert_kind kind = alert_kind::failed;
  time_point at{};
  organisation_id organisation = organisation_id::from_number(0);
  service via = service::unknown;
  direction way = direction::outgoing;
  std::uint64_t count = 0;            // of statuses or deliveries; not of silences
  std::vector<std::string> messages;  // ids of some of them; what is parked is known by others
  std::string description;            // of one of them; without persons
  time_point since{};                 // of silences
};
std::string encode(const alert&);
// Errors: as the other records (storage/codec.hpp).
result<alert> decode_alert(std::string_view bytes);

class alerts {
 public:
  explicit alerts(const engine& store) : store_(store) {}

  static void append(batch&, const alert&);
  struct entry {
    sequence_number sequence = 0;
    alert what;
  };
  result<std::vector<entry>> after(sequence_number, std::size_t limit) const;
  // Removes those up to and with `sequence`, at most `limit`; whether there may be more.
  result<bool> remove_until(batch&, sequence_number, std::size_t limit) const;

  // How far a place has come; 0: it has got none.
  result<sequence_number> progress(std::string_view target) const;
  static void put_progress(batch&, std::string_view target, sequence_number);

  // Since when nothing has been delivered, where operators have been told so.
  using silence_key = std::pair<organisation_id, service>;
  result<std::map<silence_key, hour_number>> silences() const;
  static void put_silence(batch&, const silence_key&, hour_number since);
  static void end_silence(batch&, const silence_key&);

 private:
  const engine& store_;
};

}  // namespace kp::storage
