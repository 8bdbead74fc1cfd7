#include "tools/sandbox/subscribers.hpp"

#include "tools/sandbox/answers.hpp"

#include <boost/json/parse.hpp>

namespace kp::sandbox {

namespace json = boost::json;

response subscribers::take(std::string_view name, const request& call) {
  auto its = taken_.find(name);
  if (its == taken_.end()) {
    if (taken_.size() >= max_names) return empty_answer(507);
    its = taken_.try_emplace(std::string(name)).first;
  }
  if (its->second.size() >= max_kept) its->second.pop_front();
  its->second.push_back({call.headers, call.body});
  return empty_answer(200);
}

json::array subscribers::describe(std::string_view name) const {
  json::array out;
  const auto its = taken_.find(name);
  if (its == taken_.end()) return out;
  for (const auto& each : its->second) {
    json::object headers;
    for (const auto& [field, value] : each.headers) headers[field] = value;
    boost::system::error_code failed;
    auto body = json::parse(each.body, failed);
    if (failed) body = json::string(each.body);
    out.push_back(json::object{{"headers", std::move(headers)}, {"body", std::move(body)}});
  }
  return out;
}

}  // namespace kp::sandbox
