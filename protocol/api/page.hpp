#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kp::api {

// Query parameters of a request target, percent-decoded, in order; `+` is a space.
class query {
 public:
  static query parse(std::string_view text);        // without the '?'
  std::optional<std::string> find(std::string_view name) const;   // the first
  std::vector<std::string> all(std::string_view name) const;
  bool has(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

struct sort_key {
  std::string property;
  bool descending = false;
  bool ignore_case = false;
};

// page, size, sort of rest-api.md 1.
struct page_query {
  std::uint64_t page = 0;
  std::uint64_t size = 10;
  std::vector<sort_key> sort;
};
page_query parse_page_query(const query&);

// The page object of rest-api.md 1.1. `sorted` says whether any order, asked for or default, applies.
boost::json::object to_page(boost::json::array content, const page_query&, std::uint64_t total,
                            bool sorted);

// "key" : value, two spaces, as clients see it today (rest-api.md 1).
std::string pretty(const boost::json::value&);

}  // namespace kp::api
