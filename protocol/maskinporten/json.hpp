#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

// How the clients of the national services read JSON: what is missing, null or of another kind is
// absent.

namespace kp::json {

inline std::optional<boost::json::value> parse(std::string_view text) {
  boost::system::error_code failed;
  auto value = boost::json::parse(boost::json::string_view(text.data(), text.size()), failed);
  if (failed) return std::nullopt;
  return value;
}

inline const boost::json::value* member(const boost::json::value& of, std::string_view name) {
  const auto* object = of.if_object();
  if (!object) return nullptr;
  const auto* found = object->if_contains(boost::json::string_view(name.data(), name.size()));
  return found && !found->is_null() ? found : nullptr;
}

inline std::optional<std::string> text(const boost::json::value& of, std::string_view name) {
  const auto* found = member(of, name);
  if (!found || !found->is_string()) return std::nullopt;
  return std::string(found->get_string());
}

inline std::optional<std::int64_t> integer(const boost::json::value& of, std::string_view name) {
  const auto* found = member(of, name);
  if (!found || !found->is_number()) return std::nullopt;
  boost::system::error_code failed;
  const auto number = found->to_number<std::int64_t>(failed);
  if (failed) return std::nullopt;
  return number;
}

inline bool flag(const boost::json::value& of, std::string_view name) {
  const auto* found = member(of, name);
  return found && found->is_bool() && found->get_bool();
}

inline const boost::json::array* list(const boost::json::value& of, std::string_view name) {
  const auto* found = member(of, name);
  return found ? found->if_array() : nullptr;
}

}  // namespace kp::json
