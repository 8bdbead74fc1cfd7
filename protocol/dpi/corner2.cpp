#include "protocol/dpi/corner2.hpp"

#include "config/log.hpp"
#include "protocol/dpi/document.hpp"
#include "protocol/dpi/form.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/url.hpp"
#include "protocol/maskinporten/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::dpi {

namespace {

// A shipment may take as long as its size at the slowest line that is worth waiting for.
constexpr std::uint64_t slowest_bytes_per_second = 512 * 1024;
constexpr std::chrono::seconds longest_wait{60};  // for a byte, dpi.md 3.4
constexpr std::size_t longest_inbox = 32 * 1024 * 1024;

maskinporten::token_request request_for(std::optional<std::string> consumer) {
  return {{std::string(token_scope)}, std::nullopt, std::move(consumer)};
}

error bad_answer(std::string_view what) {
  return transient(http::http_errc::bad_answer,
                   fmt::format("DPI {}: the answer is not the JSON it should be", what));
}

http::request make_request(std::string method, std::string url) {
  http::request made;
  made.method = std::move(method);
  made.url = std::move(url);
  made.headers = {{"Accept", "application/json, application/problem+json"}};
  made.deadlines.read = longest_wait;
  made.deadlines.write = longest_wait;
  return made;
}

std::optional<transport_state> parse_state(std::string_view text) {
  if (text == "OPPRETTET") return transport_state::created;
  if (text == "SENDT") return transport_state::sent;
  if (text == "FEILET") return transport_state::failed;
  return std::nullopt;
}

result<std::vector<transport_status>> parse_statuses(std::string_view body) {
  const auto value = json::parse(body);
  const auto* list = value ? value->if_array() : nullptr;
  if (!list) return bad_answer("statuses");
  std::vector<transport_status> out;
  for (const auto& each : *list) {
    // A state that nobody has told of yet says nothing about how far a shipment has come.
    const auto state = parse_state(json::text(each, "status").value_or(""));
    if (!state) continue;
    const auto at = json::text(each, "timestamp");
    out.push_back({*state, at ? parse_timestamp_with_offset(*at) : std::nullopt,
                   json::text(each, "beskrivelse").value_or("")});
  }
  return out;
}

result<std::vector<std::string>> parse_inbox(std::string_view body) {
  const auto value = json::parse(body);
  if (!value) return bad_answer("inbox");
  std::vector<std::string> out;
  const auto add = [&](const boost::json::value& one) {
    if (auto jws = json::text(one, "forretningsmelding")) out.push_back(*std::move(jws));
  };
  if (const auto* list = value->if_array())
    for (const auto& each : *list) add(each);
  else if (value->is_object())
    add(*value);  // dpi.md 3.3: one alone is tolerated
  else
    return bad_answer("inbox");
  return out;
}

}  // namespace

std::chrono::seconds corner2::time_for(std::uint64_t bytes) {
  return longest_wait + std::chrono::seconds(bytes / slowest_bytes_per_second);
}

http::awaitable<result<std::string>> corner2::sending_token(std::string sender, const clock& time,
                                                            std::chrono::seconds needed) {
  auto asked = request_for(std::move(sender));
  KP_CO_TRY(auto token, co_await tokens_.get(asked));
  if (token.expires - time.now() < needed) {
    tokens_.forget(asked);
    KP_CO_TRY(token, co_await tokens_.get(asked));
  }
  co_return token.value;
}

void corner2::forget_sending_token(const std::string& sender) {
  tokens_.forget(request_for(sender));
}

// With the account's own token; only 401 is handled here.
http::awaitable<result<http::response>> corner2::perform(http::request what) {
  const auto own = request_for(std::nullopt);
  for (bool again = false;; again = true) {
    KP_CO_TRY(const auto token, co_await tokens_.get(own));
    auto asked = what;
    asked.headers.add("Authorization", "Bearer " + token.value);
    auto answer = co_await http_.send(std::move(asked));
    if (!answer || answer->status != 401 || again) co_return answer;
    tokens_.forget(own);
  }
}

http::awaitable<result<void>> corner2::send(shipment what) {
  auto url = base_url_ + "/messages/out";
  if (what.channel) url += "?kanal=" + http::encode_component(*what.channel);
  auto asked = make_request("POST", std::move(url));
  asked.headers.add("Content-Type", "multipart/form-data; boundary=" + what.boundary);
  asked.headers.add("Authorization", "Bearer " + what.token);
  asked.body_source = make_form(what.jws, what.package, what.boundary);
  asked.deadlines.total = time_for(asked.body_source->size());
  const auto answer = co_await http_.send(std::move(asked));
  if (!answer) co_return with_context(answer.error(), "DPI send");
  if (answer->status / 100 != 2) co_return http::to_error("DPI send", *answer);
  co_return result<void>{};
}

http::awaitable<result<std::vector<transport_status>>> corner2::statuses(std::string message) {
  auto asked = make_request("GET", fmt::format("{}/messages/out/{}/statuses", base_url_,
                                               http::encode_component(message)));
  const auto answer = co_await perform(std::move(asked));
  if (!answer) co_return with_context(answer.error(), "DPI statuses");
  if (answer->status == 404 || answer->status == 204) co_return std::vector<transport_status>{};
  if (answer->status != 200) co_return http::to_error("DPI statuses", *answer);
  co_return parse_statuses(answer->body);
}

http::awaitable<result<std::vector<std::string>>> corner2::inbox(inbox_page page) {
  auto url = fmt::format("{}/messages/in?page_size={}", base_url_, page.size);
  if (page.channel) url += "&kanal=" + http::encode_component(*page.channel);
  if (page.number) url += fmt::format("&page={}", *page.number);
  auto asked = make_request("GET", std::move(url));
  asked.max_response_bytes = longest_inbox;
  const auto answer = co_await perform(std::move(asked));
  if (!answer) co_return with_context(answer.error(), "DPI inbox");
  if (answer->status == 204) co_return std::vector<std::string>{};
  if (answer->status != 200) co_return http::to_error("DPI inbox", *answer);
  co_return parse_inbox(answer->body);
}

http::awaitable<result<void>> corner2::mark_read(std::string receipt) {
  auto asked = make_request(
      "POST", fmt::format("{}/messages/in/{}/read", base_url_, http::encode_component(receipt)));
  const auto answer = co_await perform(std::move(asked));
  if (!answer) co_return with_context(answer.error(), "DPI read");
  if (answer->status / 100 != 2 && answer->status != 404)
    co_return http::to_error("DPI read", *answer);
  co_return result<void>{};
}

}  // namespace kp::dpi
