#include "admin/tenant_access.hpp"

#include "config/config_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace kp::admin {

namespace json = boost::json;

organisation_ptr tenant_access::find(const std::string& number) const {
  const auto id = organisation_id::parse(number);
  const auto directory = hub_.desk->directory();
  return id && directory ? directory->find(*id) : nullptr;
}

answer tenant_access::unknown(const std::string& number) {
  return problem_answer(404, fmt::format("There is no organisation {} in this hub; "
                                         "/admin/organisations lists them.",
                                         number));
}

answer refusal(const error& why) {
  return problem_answer(why.retryable ? 503 : 409, why.message);
}

result<json::object> read_order(const std::string& body,
                                std::initializer_list<std::string_view> members) {
  if (body.empty()) return json::object{};
  boost::system::error_code failed;
  auto value = json::parse(body, failed);
  if (failed || !value.is_object())
    return permanent(config_errc::invalid_value, "The body is no JSON object.");
  for (const auto& [name, its] : value.get_object())
    if (std::ranges::find(members, std::string_view(name)) == members.end())
      return permanent(config_errc::invalid_value,
                       fmt::format("The body has a member \"{}\"; known are: {}.",
                                   std::string_view(name), fmt::join(members, ", ")));
  return std::move(value.get_object());
}

result<std::optional<std::string>> text_of(const json::object& order, std::string_view member) {
  const auto* found = order.if_contains(member);
  if (!found || found->is_null()) return std::optional<std::string>();
  if (!found->is_string())
    return permanent(config_errc::invalid_value,
                     fmt::format("\"{}\" in the body is to be a text.", member));
  return std::optional(std::string(found->get_string()));
}

result<std::optional<bool>> flag_of(const json::object& order, std::string_view member) {
  const auto* found = order.if_contains(member);
  if (!found || found->is_null()) return std::optional<bool>();
  if (!found->is_bool())
    return permanent(config_errc::invalid_value,
                     fmt::format("\"{}\" in the body is to be true or false.", member));
  return std::optional(found->get_bool());
}

}  // namespace kp::admin
