#pragma once

#include "storage/engine.hpp"
#include "storage/records.hpp"

namespace kp::storage {

// A message that has been handed to a service which is asked how it fares, until it has fared.
struct tracked {
  message_id message;
  std::string external_id;  // at the service; empty while it is not known
  std::string memo;         // what else the service's port wants to remember of it
  time_point sent{};
  time_point due{};   // of the next question
  time_point ends{};  // nothing is asked any more
  std::uint64_t asks = 0;
  std::uint32_t failures = 0;  // in a row
  std::string last_error;      // of the last question, without secrets
};
std::string encode(const tracked&);
result<tracked> decode_tracked(std::string_view bytes);  // corrupt, unknown_format

// Those of one service of one organisation. No key names a channel: whose a message is, its
// conversation tells.
class tracking {
 public:
  // From a question's time as it is written to its commit, at most.
  static constexpr std::chrono::minutes commit_window{1};

  tracking(const engine& store, organisation_id organisation, service via);
  result<std::optional<tracked>> find(const message_id&) const;
  void insert(batch&, const tracked&) const;                               // require_absent
  void update(batch&, const tracked& before, const tracked& after) const;  // compare and set
  void remove(batch&, const tracked&) const;                               // compare and set
  // Due at `now`, longest due first, at most `limit`. `from`: where to begin, moved forward as far
  // as nothing is left; it goes back by itself when the clock is set back.
  result<std::vector<tracked>> due(time_point& from, time_point now, std::size_t limit) const;
  result<std::optional<time_point>> next_due(time_point from = {}) const;

 private:
  std::string key(const message_id&) const;
  std::string due_key(const tracked&) const;

  const engine& store_;
  organisation_id organisation_;
  service via_;
};

}  // namespace kp::storage
