#pragma once

#include "config/clock.hpp"
#include "protocol/crypto/revocation_list.hpp"
#include "protocol/http/client.hpp"
#include "protocol/http/single_flight.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kp::revocation {

// The revocation lists of a hub, by their addresses. A list is asked for when somebody needs it and
// it is older than `stays`, or its successor is due; while that fails the old one counts, whatever
// its age. Without any list nothing is revoked (certificates.md 4.1).
class revocation_lists {
 public:
  static constexpr std::chrono::minutes stays{15};
  static constexpr std::chrono::minutes between_failures{2};
  static constexpr std::size_t most_bytes = 16 * 1024 * 1024;  // of one list
  static constexpr std::size_t most_lists = 64;                // the one asked for longest ago goes

  revocation_lists(http::client& http, http::asio::thread_pool& workers, const clock& time)
      : http_(http), workers_(workers), time_(time) {}

  // What is known now of the certificates that are published at `addresses`. Any thread.
  std::vector<crypto::revocation_list> at_hand(const std::vector<std::string>& addresses) const;
  // Those of them that should be fetched before anybody is judged by them. Any thread.
  std::vector<std::string> due(const std::vector<std::string>& addresses) const;

  // Whether a list comes from an authority that the hub knows. Runs on a worker.
  using check = std::function<result<void>(const crypto::revocation_list&)>;
  // Fetches those that are due still, within the deadlines of one request each, and keeps what
  // passes `fits`. What fails is logged, the first time in a row and then ever more seldom. Network
  // thread; simultaneous callers share requests.
  http::awaitable<void> fetch(std::set<std::string> addresses, check fits);

 private:
  struct entry {
    std::optional<crypto::revocation_list> list;
    time_point asked{};
    time_point again{};                // when it is due
    std::uint32_t failures = 0;        // in a row
    std::optional<std::string> e_tag;  // of the list
  };
  http::awaitable<result<bool>> fetch_one(std::string address, check fits);
  http::awaitable<result<std::optional<crypto::revocation_list>>> ask(
      std::string address, std::optional<std::string>& e_tag, check fits);
  void keep(const std::string& address, entry now_known);

  http::client& http_;
  http::asio::thread_pool& workers_;
  const clock& time_;
  http::single_flight<std::string, bool> flights_;
  mutable std::mutex mutex_;
  std::map<std::string, entry> known_;
};

}  // namespace kp::revocation
