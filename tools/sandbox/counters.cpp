#include "tools/sandbox/counters.hpp"

#include <boost/json/object.hpp>

namespace kp::sandbox {

namespace json = boost::json;

void call_counters::count(endpoint where, const std::string& organisation, const std::string& scope,
                          unsigned status) {
  key wanted{where, organisation, scope};
  if (calls_.size() >= max_counters && !calls_.contains(wanted)) wanted = key{where, "*", "*"};
  ++calls_[wanted][status];
}

json::array call_counters::describe() const {
  json::array out;
  for (const auto& [where, by_status] : calls_) {
    const auto& [place, organisation, scope] = where;
    std::uint64_t total = 0;
    json::object statuses;
    for (const auto& [status, count] : by_status) {
      statuses[std::to_string(status)] = count;
      total += count;
    }
    out.push_back({{"endpoint", to_string(place)},
                   {"organisation", organisation},
                   {"scope", scope},
                   {"calls", total},
                   {"statuses", std::move(statuses)}});
  }
  return out;
}

}  // namespace kp::sandbox
