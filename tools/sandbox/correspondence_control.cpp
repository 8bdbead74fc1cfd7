// The control calls of Correspondence; see correspondence_http.cpp for the service itself.

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/correspondence_checks.hpp"
#include "tools/sandbox/correspondence_http.hpp"
#include "tools/sandbox/keys.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::chrono::hours reminded_after{7 * 24};

json::array list_of(const std::set<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

std::string with(std::string text, std::string_view variable, std::string_view value) {
  for (auto at = text.find(variable); at != std::string::npos; at = text.find(variable, at))
    text.replace(at, variable.size(), value);
  return text;
}

}  // namespace

// {act, id | sendersReference, reason}, or settings; see correspondence_settings.
result<json::value> correspondence_http::control(const request& call, std::string_view path,
                                                 const json::object& body) {
  if (path == "/act" && call.method == "POST") {
    const auto id = body.contains("id") ? text_at(body, "id") : text_at(body, "sendersReference");
    KP_CHECK(state_.act(id, text_at(body, "act"), text_at(body, "reason")));
    return json::value(describe(*state_.find(id)));
  }
  if (path == "/settings") {
    if (call.method == "POST") KP_CHECK(set(body));
    return json::value(describe_settings());
  }
  if (path.empty() && call.method == "DELETE") {
    state_.clear();
    return json::value(json::object{});
  }
  if (path.empty() && call.method == "GET") {
    const auto reference = call.parameter("sendersReference");
    json::array all;
    for (const auto* each : state_.all())
      if (!reference || each->reference == *reference) all.push_back(describe(*each));
    return json::value(std::move(all));
  }
  return permanent(
      sandbox_errc::not_found,
      fmt::format("{} /control/correspondence{} is no control call", call.method, path));
}

result<void> correspondence_http::set(const json::object& body) {
  auto& s = state_.settings;
  for (const auto& [key, value] : body) {
    const std::string_view name(key.data(), key.size());
    const auto flag = [&](bool& to) -> result<void> {
      if (!value.is_bool())
        return permanent(sandbox_errc::invalid_request, fmt::format("{}: true or false", name));
      to = value.get_bool();
      return {};
    };
    const auto texts = [&](std::set<std::string>& to) -> result<void> {
      const auto all = texts_at(body, name);
      to = {all.begin(), all.end()};
      return {};
    };
    const auto delay = [&](std::chrono::milliseconds& to) -> result<void> {
      to = std::chrono::milliseconds(std::max<std::int64_t>(number_at(body, name).value_or(0), 0));
      return {};
    };
    if (name == "scanDelayMs") {
      KP_CHECK(delay(s.scan_delay));
    } else if (name == "publishDelayMs") {
      KP_CHECK(delay(s.publish_delay));
    } else if (name == "direct") {
      KP_CHECK(flag(s.direct));
    } else if (name == "strictSearch") {
      KP_CHECK(flag(s.strict_search));
    } else if (name == "emptySearch") {
      KP_CHECK(flag(s.empty_search));
    } else if (name == "zoneless") {
      KP_CHECK(flag(s.zoneless));
    } else if (name == "healthy") {
      KP_CHECK(flag(s.healthy));
    } else if (name == "status") {
      s.status_shown = text_at(body, name);
    } else if (name == "purged") {
      s.purged = text_at(body, name);
    } else if (name == "denied") {
      KP_CHECK(texts(s.denied));
    } else if (name == "persons") {
      KP_CHECK(texts(s.persons));
    } else if (name == "reserved") {
      KP_CHECK(texts(s.reserved));
    } else if (name == "withoutRole") {
      KP_CHECK(texts(s.without_role));
    } else if (name == "unknownResources") {
      KP_CHECK(texts(s.unknown_resources));
    } else {
      return permanent(sandbox_errc::invalid_request, fmt::format("{}: no such setting", name));
    }
  }
  return {};
}

json::object correspondence_http::describe_settings() const {
  const auto& s = state_.settings;
  return {{"scanDelayMs", s.scan_delay.count()},
          {"publishDelayMs", s.publish_delay.count()},
          {"direct", s.direct},
          {"strictSearch", s.strict_search},
          {"emptySearch", s.empty_search},
          {"zoneless", s.zoneless},
          {"healthy", s.healthy},
          {"status", s.status_shown},
          {"purged", s.purged},
          {"denied", list_of(s.denied)},
          {"persons", list_of(s.persons)},
          {"reserved", list_of(s.reserved)},
          {"withoutRole", list_of(s.without_role)},
          {"unknownResources", list_of(s.unknown_resources)}};
}

// Everything of the upload, and what the recipient would be told.
json::object correspondence_http::describe(const correspondence& c) const {
  json::object fields, headers;
  json::array files, history, order;
  for (const auto& part : c.parts) {
    order.emplace_back(part.name);
    if (!part.is_file) {
      fields[part.name] = part.bytes;
      continue;
    }
    files.push_back(json::object{{"name", part.name},
                                 {"fileName", part.filename},
                                 {"contentType", part.content_type},
                                 {"size", part.bytes.size()},
                                 {"sha256", to_hex(sha256(part.bytes))}});
  }
  for (const auto& [name, value] : c.headers)
    if (!equals_ignoring_case(name, "Authorization")) headers[name] = value;
  for (const auto& [status, at] : c.history)
    history.push_back(json::object{{"status", to_string(status)}, {"at", utc_timestamp(at)}});

  const auto said = c.fields();
  const auto to = recipient_in(c.recipient).value_or(altinn_recipient{});
  const auto* known = to.person ? nullptr : known_.find(to.number);
  const auto rendered = with(said.at("correspondence.notification.smsBody"),
                             "$correspondenceRecipientName$", known ? known->name : to.number);
  json::object notice{{"channel", said.at("correspondence.notification.notificationChannel")},
                      {"text", rendered}};
  if (const auto at = c.when(correspondence_status::published);
      at && said.at("correspondence.notification.sendReminder") == "true")
    notice["reminder"] = utc_timestamp(*at + reminded_after);
  return {{"id", c.id},
          {"caller", c.caller},
          {"sendersReference", c.reference},
          {"status", to_string(c.status())},
          {"history", std::move(history)},
          {"fields", std::move(fields)},
          {"files", std::move(files)},
          {"order", std::move(order)},
          {"headers", std::move(headers)},
          {"notification", std::move(notice)}};
}

}  // namespace kp::sandbox
