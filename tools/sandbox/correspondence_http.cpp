#include "tools/sandbox/correspondence_http.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/correspondence_checks.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

using status = correspondence_status;

response proxy_problem(unsigned code, std::string_view title, std::string detail) {
  return json_answer(code,
                     {{"type", "https://tools.ietf.org/html/rfc7807"},
                      {"title", title},
                      {"status", code},
                      {"detail", std::move(detail)}},
                     "application/problem+json");
}

}  // namespace

std::optional<response> correspondence_http::refuse_caller(const request& call, bool writes,
                                                           std::string& caller) const {
  const auto bearer = call.bearer();
  const auto claims = bearer ? verified_claims(*bearer, altinn_, time_.now()) : std::nullopt;
  const auto scopes = claims ? words(text_at(*claims, "scope")) : std::vector<std::string>{};
  const auto has = [&](std::string_view scope) {
    return std::ranges::find(scopes, scope) != scopes.end();
  };
  const auto consumer = claims ? iso6523_at(*claims, "consumer") : std::nullopt;
  if (state_.settings.direct) {
    if (!consumer) return correspondence_problem(401, 4006, "Could not determine the caller");
    const bool may =
        has("altinn:correspondence.write") || (!writes && has("altinn:correspondence.read"));
    if (!may) return correspondence_problem(401, 4001, "No access to the resource");
  } else {
    if (!consumer)
      return proxy_problem(401, "UNAUTHORIZED", "Proxy AuthN error : the token is not valid");
    if (!has("eformidling:dpv"))
      return proxy_problem(403, "FORBIDDEN", "Proxy AuthZ error : Access Denied");
    if (state_.settings.denied.contains(*consumer) || !known_.find(*consumer))
      return proxy_problem(
          403, "FORBIDDEN",
          fmt::format("Proxy AuthZ error : {} is not on the access list", *consumer));
  }
  caller = *consumer;
  return {};
}

response correspondence_http::handle(const route& to, const request& call) {
  if (to.where == endpoint::correspondence_health)
    return empty_answer(state_.settings.healthy ? 200 : 503);
  std::string caller;
  const bool writes = to.where == endpoint::correspondence_upload;
  if (auto refused = refuse_caller(call, writes, caller)) return *std::move(refused);
  if (writes) return upload(call, caller);
  if (to.where == endpoint::correspondence_search) return search(call);
  // Whoever holds a token and an id may read (dpv.md 2.2).
  const auto* found = state_.find(to.id);
  if (!found || found->id != to.id)
    return correspondence_problem(404, 1001, "The requested correspondence was not found");
  if (found->purged() && state_.settings.purged != "as-status")
    return state_.settings.purged == "410"
               ? correspondence_problem(410, 1001, "The correspondence is gone")
               : correspondence_problem(404, 1001, "The requested correspondence was not found");
  return overview(*found);
}

response correspondence_http::upload(const request& call, const std::string& caller) {
  auto judged = judge_upload(call, state_, known_, time_.now());
  if (auto* refused = std::get_if<response>(&judged)) return std::move(*refused);
  auto made = std::get<correspondence>(std::move(judged));
  made.caller = caller;
  const auto& added = state_.add(std::move(made));
  json::array attachments;
  for (const auto& id : added.attachments) attachments.emplace_back(id);
  return json_answer(
      200, {{"correspondences", json::array{json::object{{"correspondenceId", added.id},
                                                         {"status", to_string(added.status())},
                                                         {"recipient", added.recipient},
                                                         {"notifications", nullptr}}}},
            {"attachmentIds", std::move(attachments)}});
}

std::string correspondence_http::timestamp(time_point at) const {
  auto text = utc_timestamp(at);
  if (state_.settings.zoneless) text.resize(text.size() - std::string_view("+00:00").size());
  return text;
}

response correspondence_http::overview(const correspondence& c) const {
  const auto fields = c.fields();
  const auto time_or_null = [&](std::optional<time_point> at) {
    return at ? json::value(timestamp(*at)) : json::value(nullptr);
  };
  const auto now_is = c.status();
  std::string shown(to_string(now_is));
  if (!state_.settings.status_shown.empty()) shown = state_.settings.status_shown;
  const auto failed = now_is == status::failed;
  json::value content = nullptr;  // the sender does not see it once it is published
  if (!c.has(status::published))
    content = json::object{{"messageTitle", fields.at("correspondence.content.messageTitle")},
                           {"messageBody", fields.at("correspondence.content.messageBody")}};
  return json_answer(
      200, {{"correspondenceId", c.id},
            {"resourceId", c.resource},
            {"sender", "urn:altinn:organization:identifier-no:991825827"},
            {"sendersReference", c.reference},
            {"messageSender", fields.at("correspondence.messageSender")},
            {"recipient", c.recipient},
            {"content", std::move(content)},
            {"requestedPublishTime", timestamp(c.publish_at)},
            {"propertyList",
             {{"senderOrgNumber", fields.at("correspondence.propertyList.senderOrgNumber")}}},
            {"notifications", json::array{}},
            {"created", timestamp(c.created)},
            {"status", shown},
            {"statusText", failed ? c.failure : shown},
            {"statusChanged", timestamp(c.history.back().second)},
            {"published", time_or_null(c.when(status::published))},
            {"read", time_or_null(c.when(status::read))},
            {"isConfidential", to_lower(fields.at("correspondence.isConfidential")) == "true"},
            {"ofANewerServer", json::object{{"unknown", true}}}});
}

response correspondence_http::search(const request& call) const {
  const auto resource = call.parameter("resourceId"), role = call.parameter("role");
  const auto key = call.parameter("idempotentKey"), reference = call.parameter("sendersReference");
  if (state_.settings.strict_search && (!resource || !role))
    return correspondence_problem(400, 0, "resourceId and role are required");
  json::array ids;
  for (const auto* each : state_.all()) {
    if (state_.settings.empty_search) break;
    if (key ? each->key != to_lower(*key)
            : (reference && each->reference != *reference) ||
                  (resource && each->resource != *resource))
      continue;
    ids.emplace_back(each->id);
  }
  return json_answer(200, {{"ids", std::move(ids)}});
}

}  // namespace kp::sandbox
