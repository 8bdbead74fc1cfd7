#pragma once

#include "storage/engine.hpp"
#include "storage/records.hpp"

#include <map>
#include <set>

namespace kp::storage {

// The queue of statuses of each channel that asks for one (rest-api.md 8.4): ids in the order of
// the statuses, until the client takes them off.
class status_queue {
 public:
  // For which services each channel queues; a channel that is not there queues nothing.
  using includes = std::map<channel_number, std::set<service>>;

  // What a client leaves behind has an end: an entry this many row ids of the organisation behind
  // the newest is dropped, so that no queue is ever longer. The status itself stays.
  static constexpr std::uint64_t reach = 1'000'000;

  status_queue(const engine& store, organisation_id organisation, includes which);

  bool is_on(channel_number) const;
  // Appends the status when its channel queues this service, and drops what is out of reach.
  result<void> add(batch&, service via, const status&) const;
  // Ids from the head on, at most `limit`.
  result<std::vector<row_id>> first(channel_number, std::size_t limit) const;
  // Takes it off; false when it is not queued. Adds require_present.
  result<bool> remove(batch&, channel_number, row_id) const;
  // For a status that is being removed, queued or not.
  void forget(batch&, const status&) const;

 private:
  result<void> drop_out_of_reach(batch&, const status& newest) const;

  const engine& store_;
  organisation_id organisation_;
  includes includes_;
};

}  // namespace kp::storage
