#include "protocol/api/message_codes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kp::api {

namespace json = boost::json;

namespace {

// a[].b[] -> a[].b[], a[].b, a.b
void add_variants(std::string path, std::vector<std::string>& to) {
  to.push_back(path);
  for (auto at = path.rfind('['); at != std::string::npos; at = path.rfind('[')) {
    const auto end = path.find(']', at);
    if (end == std::string::npos) return;
    path.erase(at, end - at + 1);
    to.push_back(path);
  }
}

}  // namespace

json::array message_codes(std::string_view constraint, std::string_view object,
                          std::string_view path, std::string_view java_type) {
  std::vector<std::string> fields;
  add_variants(std::string(path), fields);
  std::vector<std::string> codes;
  for (const auto& field : fields)
    codes.push_back(fmt::format("{}.{}.{}", constraint, object, field));
  if (const auto dot = path.rfind('.'); dot != std::string_view::npos)
    add_variants(std::string(path.substr(dot + 1)), fields);
  for (const auto& field : fields) codes.push_back(fmt::format("{}.{}", constraint, field));
  if (!java_type.empty()) codes.push_back(fmt::format("{}.{}", constraint, java_type));
  codes.emplace_back(constraint);

  json::array out;
  for (const auto& code : codes)
    if (std::ranges::find(out, json::value(code)) == out.end()) out.emplace_back(code);
  return out;
}

json::object field_argument(std::string_view object, std::string_view path) {
  json::object out;
  out["codes"] = json::array{fmt::format("{}.{}", object, path), std::string(path)};
  out["defaultMessage"] = path;
  out["code"] = path;
  return out;
}

}  // namespace kp::api
