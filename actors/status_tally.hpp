#pragma once

#include "storage/statistics.hpp"

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace kp::actors {

// Messages that failed or expired, put together by what they have in common.
struct trouble_key {
  organisation_id organisation;
  service via;
  direction way;
  storage::status_name name;
  friend auto operator<=>(const trouble_key&, const trouble_key&) = default;
};
struct trouble {
  std::uint64_t count = 0;
  std::vector<std::string> messages;  // ids of the first few
  std::string description;            // of the first one that has one
};
using troubles = std::map<trouble_key, trouble>;

// What statuses say of a stretch of the feeds: how many of each, and which are trouble.
struct tally_part {
  static constexpr std::size_t most_messages = 10;  // named, of each trouble

  storage::status_counts counts;
  troubles wrong;

  void count(organisation_id, const storage::channel_event&);
  void include(tally_part other);
  bool empty() const { return counts.empty(); }
};

// Counts statuses in memory as they become durable, for the statistics keeper to add up in the
// store now and then. Thread safe.
class status_tally {
 public:
  // From who commits, in the order of commits.
  void count(organisation_id, const storage::channel_event&);
  // A mark has been committed: what has been counted so far lies before it.
  void close();

  // Whether anything has been counted since the last mark.
  bool idle() const;
  // What lies before the newest mark and has not been taken yet.
  tally_part take_closed();

 private:
  // One stretch as it grows: small keys, so that counting is one look-up.
  struct packed {
    std::uint64_t place = 0, what = 0;
    friend bool operator==(const packed&, const packed&) = default;
  };
  struct hash_of {
    std::size_t operator()(const packed& key) const noexcept {
      return static_cast<std::size_t>((key.place * 0x9e3779b97f4a7c15ULL) ^ key.what);
    }
  };

  mutable std::mutex mutex_;
  std::unordered_map<packed, std::uint64_t, hash_of> open_;
  tally_part open_troubles_;
  tally_part closed_;
};

}  // namespace kp::actors
