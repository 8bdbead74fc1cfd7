#include "protocol/webhooks/subscription_form.hpp"

#include "config/text.hpp"
#include "protocol/api/message_codes.hpp"
#include "protocol/http/url.hpp"
#include "protocol/sbd/json_text.hpp"
#include "protocol/webhooks/filter.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace kp::webhooks {

namespace json = boost::json;

namespace {

constexpr std::string_view object_name = "subscription";
constexpr std::string_view java_string = "java.lang.String";
constexpr std::string_view not_readable =
    "org.springframework.http.converter.HttpMessageNotReadableException";

api::problem framework(unsigned status, std::string_view exception, std::string message) {
  api::problem out;
  out.status = status;
  out.exception = std::string(exception);
  out.message = std::move(message);
  return out;
}

api::problem application(unsigned status, std::string_view name, std::string message) {
  return framework(status, fmt::format("no.difi.meldingsutveksling.exceptions.{}", name),
                   std::move(message));
}

bool is_json(std::string_view content_type) {
  const auto type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

class violations {
 public:
  void add(std::string_view field, std::string_view constraint, std::string text,
           const std::optional<std::string>& rejected, json::array attributes = {}) {
    json::array arguments{api::field_argument(object_name, field)};
    for (auto& each : attributes) arguments.push_back(std::move(each));
    json::object element;
    element["codes"] = api::message_codes(constraint, object_name, field, java_string);
    element["arguments"] = std::move(arguments);
    element["defaultMessage"] = std::move(text);
    element["objectName"] = object_name;
    element["field"] = field;
    if (rejected) element["rejectedValue"] = *rejected;
    element["bindingFailure"] = false;
    element["code"] = constraint;
    all_.push_back(std::move(element));
  }
  void not_null(std::string_view field) { add(field, "NotNull", "must not be null", {}); }
  void size(std::string_view field, std::size_t least, std::size_t most) {
    add(field, "Size", fmt::format("size must be between {} and {}", least, most), {},
        {most, least});
  }
  std::optional<api::problem> problem() && {
    if (all_.empty()) return std::nullopt;
    auto out = framework(400, "org.springframework.web.bind.MethodArgumentNotValidException",
                         fmt::format("Validation failed for object='{}'. Error count: {}",
                                     object_name, all_.size()));
    out.errors = std::move(all_);
    return out;
  }

 private:
  std::vector<json::object> all_;
};

void judge_choice(violations& found, std::string_view field,
                  const std::optional<std::string>& given,
                  const std::array<std::string_view, 2>& allowed) {
  if (!given || std::ranges::find(allowed, *given) != allowed.end()) return;
  json::array attributes;
  attributes.push_back(json::array(allowed.begin(), allowed.end()));
  found.add(field, "OneOf",
            fmt::format("'{}' is not expected. Allowed values are: [{}]", *given,
                        fmt::join(allowed, ", ")),
            given, std::move(attributes));
}

void judge_endpoint(violations& found, const std::optional<std::string>& given,
                    const endpoint_rule& rule) {
  constexpr std::string_view field = "pushEndpoint";
  if (!given) return;
  if (given->size() > max_push_endpoint) return found.size(field, 0, max_push_endpoint);
  std::string why;
  if (http::parse_url(*given)) {
    const auto refused = rule ? rule(*given) : std::nullopt;
    if (!refused) return;
    why = ": " + *refused;
  }
  found.add(field, "URL", "must be a valid URL" + why, given);
}

void judge_secret(violations& found, const std::optional<std::string>& given) {
  if (!given) return;
  if (given->size() < min_secret || given->size() > max_secret)
    return found.size("secret", min_secret, max_secret);
  if (!std::ranges::all_of(*given, [](char c) { return c > 0x20 && c < 0x7f; }))
    found.add("secret", "Pattern", "must be visible ASCII characters without spaces", {});
}

}  // namespace

std::expected<subscription_form, api::problem> read_subscription(std::string_view content_type,
                                                                 std::string_view body) {
  if (!is_json(content_type))
    return std::unexpected(api::unsupported_media_type(
        content_type.empty() ? "application/octet-stream" : content_type));
  if (trim(body).empty())
    return std::unexpected(framework(
        400, not_readable, "Required request body is missing: a subscription is expected"));
  const auto parsed = sbd::parse_json(body);
  if (!parsed)
    return std::unexpected(
        framework(400, not_readable, fmt::format("JSON parse error: {}", parsed.error().message)));
  if (!parsed->is_object())
    return std::unexpected(
        framework(400, not_readable, "JSON parse error: a subscription is a JSON object"));
  subscription_form form;
  const std::pair<std::string_view, std::optional<std::string>*> members[] = {
      {"name", &form.name},         {"pushEndpoint", &form.push_endpoint},
      {"resource", &form.resource}, {"event", &form.event},
      {"filter", &form.filter},     {"secret", &form.secret}};
  for (const auto& [name, place] : members) {
    const auto* value = parsed->get_object().if_contains(name);
    if (!value || value->is_null()) continue;
    if (value->is_object() || value->is_array())
      return std::unexpected(framework(
          400, not_readable, fmt::format("JSON parse error: \"{}\" is not a text", name)));
    *place = value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
  }
  return form;
}

std::optional<api::problem> judge_subscription(const subscription_form& form, bool is_new,
                                               const endpoint_rule& rule) {
  static constexpr std::array<std::string_view, 2> resources{"all", "messages"};
  static constexpr std::array<std::string_view, 2> events{"all", "status"};
  violations found;
  if (is_new && !form.name) found.not_null("name");
  if (form.name && form.name->size() > max_name) found.size("name", 0, max_name);
  if (is_new && !form.push_endpoint) found.not_null("pushEndpoint");
  judge_endpoint(found, form.push_endpoint, rule);
  if (is_new && !form.resource) found.not_null("resource");
  judge_choice(found, "resource", form.resource, resources);
  if (is_new && !form.event) found.not_null("event");
  judge_choice(found, "event", form.event, events);
  if (form.filter && form.filter->size() > max_filter)
    found.size("filter", 0, max_filter);
  else if (form.filter && !filter::parse(*form.filter))
    found.add("filter", "WebhookFilter", "Must be a valid filter definition.", form.filter);
  judge_secret(found, form.secret);
  return std::move(found).problem();
}

api::problem subscription_not_found(std::uint64_t id) {
  return application(404, "SubscriptionNotFoundException",
                     fmt::format("Subscription with id = {} was not found", api::grouped(id)));
}

api::problem subscription_exists() {
  return application(400, "SubscriptionWithSameNameAndPushEndpointAlreadyExists",
                     "Subscription with same name and push endpoint already exists.");
}

api::problem too_many_subscriptions(std::size_t limit) {
  api::problem out;
  out.status = 400;
  out.message = fmt::format(
      "This channel has {} subscriptions already, which is the most it may have. Delete one first.",
      limit);
  return out;
}

api::problem dead_letter_not_found(std::uint64_t id) {
  api::problem out;
  out.status = 404;
  out.message = fmt::format("Dead letter with id = {} was not found", id);
  return out;
}

}  // namespace kp::webhooks
