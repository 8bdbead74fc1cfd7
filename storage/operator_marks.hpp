#pragma once

#include "storage/repositories.hpp"

// What operators have told the hub to leave alone; it holds across restarts.

namespace kp::storage {

// Nothing begins to be sent, or to be asked for, by a service.
struct service_pause {
  bool sending = false, receiving = false;
  time_point at{};
  std::string by;
  std::string reason;
};
std::string encode(const service_pause&);
result<service_pause> decode_service_pause(std::string_view bytes);  // corrupt, unknown_format

// Of one organisation.
class service_pauses {
 public:
  service_pauses(const engine& store, organisation_id organisation);
  result<std::optional<service_pause>> find(service) const;
  // A pause of neither is removed.
  void put(batch&, service, const service_pause&) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

// An item of an outbox that is not tried until somebody says so, or its lifetime has passed.
struct parked_mark {
  time_point at{};
  std::string by;
  std::string reason;
};
std::string encode(const parked_mark&);
result<parked_mark> decode_parked_mark(std::string_view bytes);  // corrupt, unknown_format

// Where a parked item without a lifetime waits: the year 2200.
inline constexpr time_point parked_for_good{std::chrono::seconds(7'258'118'400)};

// Of one outbox. A mark whose item is gone says nothing any more.
class parked_items {
 public:
  parked_items(const engine& store, organisation_id organisation, service via);
  result<std::optional<parked_mark>> find(row_id item) const;
  void put(batch&, row_id item, const parked_mark&) const;
  void remove(batch&, row_id item) const;
  // Adds removing at most `limit` marks whose items are gone.
  result<void> tidy(batch&, std::size_t limit) const;

 private:
  const engine& store_;
  organisation_id organisation_;
  service via_;
};

// Adds giving an item that nobody is sending another due time, and no other change. Errors:
// storage_errc::fenced (transient) when it is being sent. The commit fails with
// precondition_failed when the item or its claim changes meanwhile.
result<void> reschedule(batch&, const engine& store, organisation_id organisation,
                        const outbox_item& item, time_point due);

}  // namespace kp::storage
