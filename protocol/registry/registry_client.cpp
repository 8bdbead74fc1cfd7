#include "protocol/http/http_error.hpp"
#include "protocol/http/single_flight.hpp"
#include "protocol/http/url.hpp"
#include "protocol/registry/cache.hpp"
#include "protocol/registry/registry.hpp"
#include "protocol/registry/registry_json.hpp"

#include <fmt/format.h>

namespace kp::registry {

namespace {

// 5xx, 429, timeouts and no connection: the registry did not say anything about what was asked.
bool did_not_answer(const error& why) {
  return why.retryable && why.code.category() == http::http_errc_category();
}

std::string query_of(const lookup& what) {
  std::string query;
  const auto add = [&query](std::string_view name, const std::string& value) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, http::encode_component(value, ":"));
  };
  if (what.security_level) add("securityLevel", std::to_string(*what.security_level));
  if (what.conversation && !what.conversation->empty()) add("conversationId", *what.conversation);
  return query;
}

// service-registry.md 4.2: by status; the body is plain JSON or nothing, whatever its Content-Type.
error to_refusal(const http::response& answer) {
  constexpr std::string_view what = "service registry";
  if (answer.status >= 500 || answer.status == 429 || answer.status == 408)
    return http::to_error(what, answer);
  const auto said = parse_description(answer.body);
  const auto text = said.empty() ? fmt::format("{}: HTTP {}", what, answer.status)
                                 : fmt::format("{}: HTTP {}: {}", what, answer.status, said);
  if (answer.status == 404) return permanent(registry_errc::not_found, text);
  if (answer.status == 401 || answer.status == 403)
    return permanent(registry_errc::refused,
                     text + " -- check that the Maskinporten client has the scopes of the enabled services");
  return permanent(registry_errc::refused, text);
}

}  // namespace

struct client::state {
  http::client& http;
  const clock& time;
  maskinporten::client& maskinporten;
  signing_keys& keys;
  client_settings settings;
  recent<lookup, answer> answers;
  recent<std::string, std::string> certificates;
  http::single_flight<lookup, answer> lookups;
  http::single_flight<std::string, std::string> certificate_lookups;
};

client::client(http::client& http, const clock& time, maskinporten::client& maskinporten,
               signing_keys& keys, client_settings settings) {
  while (settings.base_url.ends_with('/')) settings.base_url.pop_back();
  const auto bound = settings.max_entries;
  state_.reset(new state{http, time, maskinporten, keys, std::move(settings),
                         recent<lookup, answer>(bound), recent<std::string, std::string>(bound), {}, {}});
}

client::~client() = default;

// The verified payload of a GET. A 401 evicts the token and is tried once more.
http::awaitable<result<std::string>> client::fetch(std::shared_ptr<state> own, std::string path) {
  const maskinporten::token_request wanted{own->settings.scopes, std::nullopt, std::nullopt};
  for (bool again = false;; again = true) {
    KP_CO_TRY(const auto token, co_await own->maskinporten.get(wanted));
    http::request asked;
    asked.url = own->settings.base_url + path;
    asked.headers.add("Authorization", "Bearer " + token.value);
    asked.headers.add("Accept", "application/jose, application/json");
    const auto got = co_await own->http.send(std::move(asked));
    if (!got) co_return with_context(got.error(), "service registry");
    if (got->status == 200) co_return co_await own->keys.verified_payload(got->body);
    if (got->status != 401 || again) co_return to_refusal(*got);
    own->maskinporten.forget(wanted);
  }
}

http::awaitable<result<answer>> client::fetch_answer(std::shared_ptr<state> own, lookup what) {
  // ':' stays as it is in the path, as the registry's other clients send it (service-registry.md 1.3).
  auto path = "/identifier/" + http::encode_component(what.identifier, ":");
  if (what.process) path += "/process/" + http::encode_component(*what.process, ":");
  path += query_of(what);
  KP_CO_TRY(const auto payload, co_await fetch(own, std::move(path)));
  co_return parse_answer(payload);
}

http::awaitable<result<std::string>> client::fetch_certificate(std::shared_ptr<state> own,
                                                               std::string organisation) {
  auto path = "/virksert/" + http::encode_component(organisation, ":");
  KP_CO_TRY(auto pem, co_await fetch(own, std::move(path)));
  const auto parsed = crypto::certificate::from_pem(pem);
  if (!parsed)
    co_return transient(registry_errc::bad_answer,
                        "service registry: what it has as certificate of " + organisation + " is none");
  co_return pem;
}

http::awaitable<result<answer>> client::find(lookup what) {
  const auto own = state_;
  if (what.identifier.empty())
    co_return permanent(registry_errc::refused, "service registry: there is no identifier to look up");
  lookup key = what;
  key.conversation.reset();
  const auto now = own->time.now();
  if (const auto* kept = own->answers.find(key, now, own->settings.fresh)) co_return *kept;
  std::function<http::awaitable<result<answer>>()> make = [own, what] {
    return fetch_answer(own, what);
  };
  auto fresh = co_await own->lookups.run(key, std::move(make));
  if (fresh) {
    own->answers.keep(key, *fresh, own->time.now());
    co_return fresh;
  }
  if (fresh.error().code == registry_errc::not_found) own->answers.drop(key);
  if (!did_not_answer(fresh.error())) co_return fresh;
  if (const auto* kept = own->answers.find(key, own->time.now(), own->settings.stale)) {
    answer old = *kept;
    old.stale = true;
    co_return old;
  }
  co_return fresh;
}

http::awaitable<result<std::string>> client::published_certificate(std::string organisation) {
  const auto own = state_;
  if (const auto* kept = own->certificates.find(organisation, own->time.now(), own->settings.fresh))
    co_return *kept;
  std::function<http::awaitable<result<std::string>>()> make = [own, organisation] {
    return fetch_certificate(own, organisation);
  };
  auto fresh = co_await own->certificate_lookups.run(organisation, std::move(make));
  if (fresh) {
    own->certificates.keep(organisation, *fresh, own->time.now());
    co_return fresh;
  }
  if (fresh.error().code == registry_errc::not_found) own->certificates.drop(organisation);
  if (!did_not_answer(fresh.error())) co_return fresh;
  if (const auto* kept = own->certificates.find(organisation, own->time.now(), own->settings.stale))
    co_return *kept;
  co_return fresh;
}

}  // namespace kp::registry
