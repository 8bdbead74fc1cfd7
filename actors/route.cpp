#include "actors/route.hpp"

#include "config/text.hpp"
#include "protocol/api/upload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace kp::actors {

namespace {

using segments = std::vector<std::string_view>;

// "/a/b" -> {"a", "b"}; a trailing or double slash leaves an empty segment, which matches nothing.
segments split(std::string_view path) {
  segments parts;
  if (path.empty() || path.front() != '/') return parts;
  path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

// One line of the endpoint index. "{}" takes any non-empty segment; two of them become "a/b". A
// line whose words fit stands before one that takes them for an id.
struct line {
  std::string_view method;
  std::array<std::string_view, 5> pattern;  // "" where it is shorter
  endpoint what;
  bool takes_body = false;
};

constexpr std::array lines{
    line{"GET", {"capabilities", "{}"}, endpoint::capabilities},
    line{"POST", {"messages", "out"}, endpoint::create, true},
    line{"GET", {"messages", "out"}, endpoint::list_out},
    line{"GET", {"messages", "out", "{}"}, endpoint::find_out},
    line{"POST", {"messages", "out", "{}"}, endpoint::send},
    line{"DELETE", {"messages", "out", "{}"}, endpoint::remove_out},
    line{"GET", {"messages", "in"}, endpoint::list_in},
    line{"GET", {"messages", "in", "peek"}, endpoint::peek},
    line{"GET", {"messages", "in", "pop", "{}"}, endpoint::pop},
    line{"DELETE", {"messages", "in", "{}"}, endpoint::remove_in},
    line{"GET", {"statuses"}, endpoint::list_statuses},
    line{"GET", {"statuses", "peek"}, endpoint::peek_status},
    line{"GET", {"statuses", "{}"}, endpoint::statuses_of_message},
    line{"DELETE", {"statuses", "{}"}, endpoint::remove_queued_status},
    line{"GET", {"conversations"}, endpoint::list_conversations},
    line{"GET", {"conversations", "queue"}, endpoint::list_polled_conversations},
    line{"GET", {"conversations", "{}"}, endpoint::find_conversation},
    line{"GET", {"conversations", "messageId", "{}"}, endpoint::conversation_of_message},
    line{"DELETE", {"conversations", "{}"}, endpoint::remove_conversation},
    line{"DELETE", {"conversations", "messageId", "{}"}, endpoint::remove_conversation_of_message},
    line{"GET", {"subscriptions"}, endpoint::list_subscriptions},
    line{"POST", {"subscriptions"}, endpoint::create_subscription, true},
    line{"DELETE", {"subscriptions"}, endpoint::remove_subscriptions},
    line{"GET", {"subscriptions", "{}"}, endpoint::find_subscription},
    line{"PUT", {"subscriptions", "{}"}, endpoint::update_subscription, true},
    line{"DELETE", {"subscriptions", "{}"}, endpoint::remove_subscription},
    line{"GET", {"subscriptions", "{}", "dead-letters"}, endpoint::list_dead_letters},
    line{"DELETE", {"subscriptions", "{}", "dead-letters"}, endpoint::remove_dead_letters},
    line{"POST", {"subscriptions", "{}", "dead-letters", "replay"}, endpoint::replay_dead_letters},
    line{"DELETE", {"subscriptions", "{}", "dead-letters", "{}"}, endpoint::remove_dead_letter},
    line{"POST",
         {"subscriptions", "{}", "dead-letters", "{}", "replay"},
         endpoint::replay_dead_letter},
};

// Behind those of `lines`.
constexpr std::size_t upload_place = lines.size() + 1;
constexpr std::size_t multipart_place = lines.size() + 2;
constexpr std::size_t events_place = lines.size() + 3;
constexpr std::size_t description_place = lines.size() + 4;

std::string uri_of(const line& l) {
  std::string uri = "/api";
  for (const auto& part : l.pattern)
    if (!part.empty()) uri.append("/").append(part);
  return uri;
}

std::optional<std::string> match(const line& l, const segments& parts) {
  std::string argument;
  std::size_t length = 0;
  while (length < l.pattern.size() && !l.pattern[length].empty()) ++length;
  if (parts.size() != length) return std::nullopt;
  for (std::size_t i = 0; i < length; ++i) {
    if (l.pattern[i] == "{}") {
      if (parts[i].empty()) return std::nullopt;
      if (!argument.empty()) argument += '/';
      argument += parts[i];
    } else if (l.pattern[i] != parts[i]) {
      return std::nullopt;
    }
  }
  return argument;
}

// Takes the prefix off; false when it names no organisation or channel that can exist.
bool take_scope(segments& parts, tenants::directory::scope& scope) {
  for (std::size_t prefix = 0; prefix < 3 && prefix < parts.size(); ++prefix) {
    if (parts[prefix] != "api") continue;
    if (prefix >= 1) {
      const auto id = organisation_id::parse(parts[0]);
      if (!id) return false;
      scope.organisation = *id;
    }
    if (prefix == 2) {
      const auto name = channel_name::parse(parts[1]);
      if (!name) return false;
      scope.channel = *name;
    }
    parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(prefix) + 1);
    return true;
  }
  return false;
}

bool is_form_data(std::string_view content_type) {
  return equals_ignoring_case(trim(content_type.substr(0, content_type.find(';'))),
                              "multipart/form-data");
}

route::refusal not_found(std::string_view path) {
  return {api::no_resource(path), {}};
}

}  // namespace

const std::vector<route_place>& route_places() {
  static const auto all = [] {
    std::vector<route_place> places{{"other", "other"}};
    for (const auto& l : lines) places.push_back({std::string(l.method), uri_of(l)});
    places.push_back({"PUT", "/api/messages/out/{}"});
    places.push_back({"POST", "/api/messages/out/multipart"});
    places.push_back({"GET", "/api/events"});
    places.push_back({"GET", "/api/openapi.json"});
    return places;
  }();
  return all;
}

route find_route(std::string_view method, std::string_view path, std::string_view content_type) {
  route found{{}, route::refusal{}, 0};
  auto parts = split(path);
  if (!take_scope(parts, found.scope)) {
    found.to = not_found(path);
    return found;
  }

  const bool message_out =
      parts.size() == 3 && parts[0] == "messages" && parts[1] == "out" && !parts[2].empty();
  if (message_out && method == "PUT") {
    found.to = route::upload{std::string(parts[2])};
    found.place = upload_place;
    return found;
  }
  if (message_out && method == "POST" && parts[2] == "multipart" && is_form_data(content_type)) {
    if (api::multipart_parser::boundary_of(content_type))
      found.to = route::multipart{};
    else
      found.to = route::refusal{
          api::malformed_multipart("the Content-Type multipart/form-data has no boundary"), {}};
    found.place = multipart_place;
    return found;
  }

  if (parts.size() == 1 && parts[0] == "events") {
    if (method == "GET") {
      found.to = route::events{};
      found.place = events_place;
    } else if (method == "OPTIONS") {
      found.to = route::options{"GET,OPTIONS"};
    } else {
      found.to = route::refusal{api::method_not_allowed(method), "GET"};
    }
    return found;
  }

  // HEAD is GET without a body, except where GET would lock a message.
  const bool head = method == "HEAD";
  if (parts.size() == 1 && parts[0] == "openapi.json") {
    if (method == "GET" || head) {
      found.to = route::description{};
      found.place = description_place;
    } else if (method == "OPTIONS") {
      found.to = route::options{"GET,HEAD,OPTIONS"};
    } else {
      found.to = route::refusal{api::method_not_allowed(method), "GET"};
    }
    return found;
  }

  std::vector<std::string_view> allow;
  bool answers_head = false;
  for (const auto& l : lines) {
    auto argument = match(l, parts);
    if (!argument) continue;
    const bool locks = l.what == endpoint::peek;
    const bool also_head = l.method == "GET" && !locks;
    answers_head = answers_head || also_head;
    if (method == l.method || (head && also_head)) {
      found.to = route::call{l.what, *std::move(argument), l.takes_body};
      found.place = static_cast<std::size_t>(&l - lines.data()) + 1;
      return found;
    }
    if (std::ranges::find(allow, l.method) == allow.end()) allow.push_back(l.method);
  }
  if (message_out) allow.push_back("PUT");
  if (allow.empty()) {
    found.to = not_found(path);
  } else if (method == "OPTIONS") {
    found.to = route::options{
        fmt::format("{}{},OPTIONS", fmt::join(allow, ","), answers_head ? ",HEAD" : "")};
  } else {
    found.to =
        route::refusal{api::method_not_allowed(method), fmt::format("{}", fmt::join(allow, ", "))};
  }
  return found;
}

bool answers_json(const route& r) {
  if (std::holds_alternative<route::multipart>(r.to)) return true;
  const auto* call = std::get_if<route::call>(&r.to);
  if (!call) return false;
  switch (call->what) {
    case endpoint::send:
    case endpoint::remove_out:
    case endpoint::pop:
    case endpoint::remove_queued_status:
    case endpoint::remove_conversation:
    case endpoint::remove_conversation_of_message:
    case endpoint::update_subscription:
    case endpoint::remove_subscription:
    case endpoint::remove_subscriptions:
    case endpoint::remove_dead_letters:
    case endpoint::remove_dead_letter:
      return false;
    default:
      return true;
  }
}

}  // namespace kp::actors
