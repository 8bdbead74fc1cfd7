#pragma once

#include "tools/sandbox/endpoint.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <map>
#include <tuple>

namespace kp::sandbox {

inline constexpr std::size_t max_counters = 100'000;  // further combinations are not told apart

// Calls by endpoint, organisation and the scopes of the token (asked for, or presented), and how
// they were answered; status 0 is a connection that was cut.
class call_counters {
 public:
  void count(endpoint, const std::string& organisation, const std::string& scope, unsigned status);
  void clear() { calls_.clear(); }
  boost::json::array describe() const;

 private:
  using key = std::tuple<endpoint, std::string, std::string>;
  std::map<key, std::map<unsigned, std::uint64_t>> calls_;
};

}  // namespace kp::sandbox
