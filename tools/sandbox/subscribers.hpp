#pragma once

#include "tools/sandbox/http_types.hpp"

#include <boost/json/array.hpp>

#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace kp::sandbox {

// Business systems that are told of statuses: POST /webhook/{name} is taken and written down, so
// that a demonstration can show what a subscriber gets. Faults (`webhook`) make it refuse.
class subscribers {
 public:
  static constexpr std::size_t max_names = 100;
  static constexpr std::size_t max_kept = 1000;  // per name; the oldest go first

  // 200 without a body; 507 for a name beyond `max_names`.
  response take(std::string_view name, const request&);
  // What has come, oldest first: {"headers": {name: value}, "body": JSON, or text where it is
  // none}.
  boost::json::array describe(std::string_view name) const;
  void clear() { taken_.clear(); }

 private:
  struct push {
    header_list headers;
    std::string body;
  };
  std::map<std::string, std::deque<push>, std::less<>> taken_;
};

}  // namespace kp::sandbox
