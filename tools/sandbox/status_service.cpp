#include "tools/sandbox/status_service.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <regex>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 10> known_statuses{"OPPRETTET",
                                                          "SENDT",
                                                          "MOTTATT",
                                                          "LEVERT",
                                                          "LEST",
                                                          "FEIL",
                                                          "ANNET",
                                                          "INNKOMMENDE_MOTTATT",
                                                          "INNKOMMENDE_LEVERT",
                                                          "LEVETID_UTLOPT"};
constexpr std::array<std::string_view, 5> required_members{
    "status", "conversation_id", "orgnr", "process_identifier", "service_identifier"};

// What the framework says about a request that does not reach the service's own checks.
response framework_error(const request& call, unsigned status, std::string_view reason,
                         const sandbox_clock& time) {
  return json_answer(status, {{"timestamp", utc_timestamp(time.now())},
                              {"path", call.path},
                              {"status", status},
                              {"error", reason},
                              {"requestId", "sandbox"}});
}

response text_refusal(std::string text) {
  auto out = empty_answer(400);
  out.headers.emplace_back("Content-Type", "text/plain;charset=UTF-8");
  out.body = std::move(text);
  return out;
}

bool is_uuid(const std::string& text) {
  static const std::regex form(
      "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
  return std::regex_match(text, form);
}

bool is_sender(const std::string& text) {
  static const std::regex form("0192:[0-9]{9}(:[0-9]{9})?");
  return std::regex_match(text, form);
}

bool is_local_time(const std::string& text) {
  static const std::regex form(
      R"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?)");
  return std::regex_match(text, form);
}

std::optional<json::object> parse_object(std::string_view text) {
  boost::system::error_code failed;
  auto value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !value.is_object()) return {};
  return std::move(value.get_object());
}

// Whether the model of the service can be read from it: its members are texts.
bool is_model(const json::object& document) {
  for (const auto name : required_members)
    if (const auto* member = document.if_contains(name); !member || !member->is_string())
      return false;
  if (std::ranges::find(known_statuses, text_at(document, "status")) == known_statuses.end())
    return false;
  const auto* local = document.if_contains("timestamp");
  return !local || (local->is_string() && is_local_time(text_at(document, "timestamp")));
}

bool is_json(const request& call) {
  const auto type = call.header("content-type").value_or("");
  return equals_ignoring_case(trim(type.substr(0, type.find(';'))), "application/json");
}

}  // namespace

std::optional<json::object> status_service::claims_of(std::string_view token) const {
  return verified_claims(token, maskinporten_, time_.now());
}

std::optional<response> status_service::refuse_caller(const request& call,
                                                      json::object& claims) const {
  const auto bearer = call.bearer();
  auto verified = bearer ? claims_of(*bearer) : std::nullopt;
  if (!verified) {
    auto out = empty_answer(401);
    out.headers.emplace_back("WWW-Authenticate", "Bearer");
    return out;
  }
  claims = *std::move(verified);
  if (required_scopes_.empty()) return {};
  const auto scopes = words(text_at(claims, "scope"));
  const bool one = std::ranges::any_of(
      scopes, [&](const std::string& scope) { return required_scopes_.contains(scope); });
  return one ? std::nullopt : std::optional(empty_answer(403));
}

std::optional<response> status_service::refuse_owner(const json::object& document,
                                                     const json::object& claims) const {
  if (!bind_organisation_) return {};
  const auto owner = text_at(document, "orgnr");
  for (const auto* role : {"consumer", "supplier"})
    if (iso6523_at(claims, role) == owner) return {};
  return empty_answer(403);
}

response status_service::post_status(const request& call) {
  json::object claims;
  if (auto refused = refuse_caller(call, claims)) return *std::move(refused);
  if (!is_json(call)) return framework_error(call, 415, "Unsupported Media Type", time_);
  const auto document = parse_object(call.body);
  if (!document || !is_model(*document)) return framework_error(call, 400, "Bad Request", time_);
  if (auto refused = refuse_owner(*document, claims)) return *std::move(refused);
  const auto sender = text_at(*document, "sender");
  if (!is_sender(sender))
    return text_refusal(fmt::format("Sender field ({}) is not valid ISO6523 format.", sender));
  const auto message = text_at(*document, "message_id");
  if (!is_uuid(message) || !is_uuid(text_at(*document, "conversation_id")))
    return text_refusal("message_id and conversation_id must be of type UUID");
  keep({message, text_at(*document, "status"), "http", call.body, std::move(claims), time_.now()});
  return empty_answer(200);
}

response status_service::post_any(const request& call) {
  json::object claims;
  if (auto refused = refuse_caller(call, claims)) return *std::move(refused);
  if (!is_json(call)) return framework_error(call, 415, "Unsupported Media Type", time_);
  const auto event = parse_object(call.body);
  if (!event || !event->contains("logger_name"))
    return framework_error(call, 400, "Bad Request", time_);
  if (text_at(*event, "logger_name") != "STATUS")
    ++other_events_;
  else
    keep({text_at(*event, "message_id"), text_at(*event, "status"), "http", call.body,
          std::move(claims), time_.now()});
  return empty_answer(200);
}

void status_service::take_unchecked(std::string_view body, const json::object& claims) {
  const auto event = parse_object(body);
  if (!event || !event->contains("logger_name")) {
    ++dropped_;
    return;
  }
  if (text_at(*event, "logger_name") != "STATUS") {
    ++other_events_;
    return;
  }
  keep({text_at(*event, "message_id"), text_at(*event, "status"), "rsocket", std::string(body),
        claims, time_.now()});
}

void status_service::keep(reception one) {
  if (kept_.size() >= max_receptions) kept_.pop_front();
  kept_.push_back(std::move(one));
}

result<json::value> status_service::control(const request& call, const json::object& body) {
  if (call.method == "DELETE") {
    kept_.clear();
    other_events_ = dropped_ = 0;
    troubles = {};
    return json::value(json::object{});
  }
  if (call.method == "POST") {
    if (const auto* bound = body.if_contains("bindOrgnr")) {
      if (!bound->is_bool())
        return permanent(sandbox_errc::invalid_request, "bindOrgnr: true or false");
      bind_organisation_ = bound->get_bool();
    }
    const auto times = [&](const char* name, unsigned& value) {
      if (const auto number = number_at(body, name))
        value = *number > 0 ? static_cast<unsigned>(*number) : 0;
    };
    times("rejectSetup", troubles.reject_setup);
    times("closeAfterSetup", troubles.close_after_setup);
    if (const auto* mute = body.if_contains("muteKeepalives"))
      troubles.mute_keepalives = mute->is_bool() && mute->get_bool();
    if (body.contains("requireScopeAnyOf")) {
      const auto scopes = texts_at(body, "requireScopeAnyOf");
      required_scopes_ = {scopes.begin(), scopes.end()};
    }
  }
  const auto message = call.parameter("messageId");
  json::array statuses;
  for (const auto& each : kept_) {
    if (message && each.message != *message) continue;
    boost::system::error_code failed;
    statuses.push_back(json::object{{"messageId", each.message},
                                    {"status", each.status},
                                    {"transport", each.transport},
                                    {"at", utc_timestamp(each.at)},
                                    {"claims", each.claims},
                                    {"document", json::parse(each.raw, failed)},
                                    {"raw", each.raw}});
  }
  json::array scopes;
  for (const auto& scope : required_scopes_) scopes.emplace_back(scope);
  return json::value(json::object{{"statuses", std::move(statuses)},
                                  {"otherEvents", other_events_},
                                  {"dropped", dropped_},
                                  {"rsocket", rsocket_url},
                                  {"rsocketTls", rsocket_tls_url},
                                  {"bindOrgnr", bind_organisation_},
                                  {"requireScopeAnyOf", std::move(scopes)}});
}

}  // namespace kp::sandbox
