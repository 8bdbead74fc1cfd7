#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "storage/engine.hpp"
#include "storage/feed.hpp"
#include "storage/records.hpp"

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

// How many statuses were registered, per organisation, service, direction, status and hour. The
// totals are sums over the channels' feeds, which have every status in the order of commits: what
// has been added up ends at a mark among them, so that nothing is added twice nor left out, also
// after a crash (for as long as the feeds keep their events).

namespace kp::storage {

// Hours since 1970, UTC; of the time that a status has, which a transport may date back.
using hour_number = std::uint32_t;
hour_number hour_of(time_point at);
time_point begin_of(hour_number hour);

struct statistics_key {
  organisation_id organisation = organisation_id::from_number(0);
  hour_number hour = 0;
  service via = service::unknown;
  direction way = direction::outgoing;
  status_name name = status_name::opprettet;
  friend auto operator<=>(const statistics_key&, const statistics_key&) = default;
};
using status_counts = std::map<statistics_key, std::uint64_t>;
// Counts the event in when it is of a status.
void count(status_counts& into, organisation_id, const channel_event&);

class statistics {
 public:
  explicit statistics(const engine& store) : store_(store) {}

  // A place among the events of all feeds, in the order of commits.
  static void put_mark(batch&);
  static bool is_mark(std::string_view key_prefix);  // of an appendage
  // 0: none.
  result<sequence_number> newest_mark() const;
  // Everything before this is in the totals; 0: nothing is.
  result<sequence_number> counted_until() const;

  // Adds `more`, which lies between counted_until() and `mark`, and moves the former to the latter
  // (compare and set). Marks up to `mark` are removed.
  result<void> add(batch&, const status_counts& more, sequence_number mark) const;

  struct row {
    statistics_key key;
    std::uint64_t count = 0;
  };
  // Those of one organisation with first <= hour < end, by hour, at most `limit`.
  result<std::vector<row>> read(organisation_id, hour_number first, hour_number end,
                                std::size_t limit) const;
  // Removes totals of hours before `first`, at most `limit`; whether there may be more.
  result<bool> trim(batch&, organisation_id, hour_number first, std::size_t limit) const;

 private:
  const engine& store_;
};

// Every organisation that has anything in the store, in order of number.
result<std::vector<organisation_id>> stored_organisations(const engine& store);

// Walks through the events of every feed with after < sequence < before, in portions. In order
// within a channel.
class feed_walk {
 public:
  feed_walk(const engine& store, sequence_number after, sequence_number before);
  using visitor = std::function<void(organisation_id, const channel_event&)>;
  // Whether there is more. Looks at about `limit` entries.
  result<bool> next(std::size_t limit, const visitor& visit);

 private:
  const engine& store_;
  const sequence_number after_, before_;
  std::string at_;
};

}  // namespace kp::storage
