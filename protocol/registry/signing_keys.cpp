#include "config/log.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/single_flight.hpp"
#include "protocol/maskinporten/json.hpp"
#include "protocol/registry/registry.hpp"

#include <openssl/evp.h>

namespace kp::registry {

namespace {

constexpr std::chrono::minutes keys_live{10};
constexpr std::chrono::seconds between_fetches{30};
constexpr std::size_t max_keys = 16;

struct known_key {
  std::string id;
  std::shared_ptr<EVP_PKEY> key;
};
using key_set = std::vector<known_key>;

result<key_set> parse_keys(std::string_view body) {
  const auto value = json::parse(body);
  const auto* list = value ? json::list(*value, "keys") : nullptr;
  key_set keys;
  if (list) {
    for (const auto& each : *list) {
      if (!each.is_object() || keys.size() == max_keys) continue;
      if (json::text(each, "use").value_or("sig") != "sig") continue;
      auto key = crypto::rsa_key_from_jwk(each.get_object());
      if (key) keys.push_back({json::text(each, "kid").value_or(""), std::move(*key)});
    }
  }
  if (keys.empty())
    return transient(registry_errc::bad_answer, "the service registry publishes no RSA key to verify with");
  return keys;
}

// The reference client ignores `kid`; a key with the same one is tried first and the others after it.
std::optional<std::string> verify_with(const key_set& keys, const std::string& jws, const std::string& id) {
  for (const bool same : {true, false}) {
    for (const auto& each : keys) {
      if ((each.id == id) != same) continue;
      auto verified = crypto::verify_jws(jws, each.key.get());
      if (verified) return std::move(verified->payload);
    }
  }
  return std::nullopt;
}

error bad_signature() {
  return transient(registry_errc::bad_signature, "Bad signature in response from service registry");
}

}  // namespace

struct signing_keys::state {
  http::client& http;
  const clock& time;
  std::string url;
  key_set keys;
  std::optional<time_point> fetched;
  std::optional<time_point> tried;
  http::single_flight<int, bool> flights;
};

signing_keys::signing_keys(http::client& http, const clock& time, std::string url)
    : state_(new state{http, time, std::move(url), {}, {}, {}, {}}) {}

signing_keys::~signing_keys() = default;

http::awaitable<result<bool>> signing_keys::fetch(std::shared_ptr<state> own) {
  own->tried = own->time.now();
  http::request asked;
  asked.url = own->url;
  asked.headers.add("Accept", "application/json");
  auto got = co_await own->http.send(std::move(asked));
  if (!got) co_return with_context(got.error(), "the keys of the service registry");
  if (got->status != 200) co_return http::to_error("the keys of the service registry", *got);
  KP_CO_TRY(auto keys, parse_keys(got->body));
  own->keys = std::move(keys);
  own->fetched = own->time.now();
  co_return true;
}

http::awaitable<result<void>> signing_keys::refresh(std::shared_ptr<state> own) {
  std::function<http::awaitable<result<bool>>()> make = [own] { return fetch(own); };
  const auto done = co_await own->flights.run(0, std::move(make));
  if (!done) co_return done.error();
  co_return result<void>{};
}

http::awaitable<result<std::string>> signing_keys::verified_payload(std::string_view compact_jws) {
  const auto own = state_;
  const std::string jws(compact_jws);
  const auto parsed = crypto::parse_jws(jws);
  if (!parsed) co_return bad_signature();
  const auto id = json::text(parsed->header, "kid").value_or("");

  const bool old = !own->fetched || own->time.now() - *own->fetched > keys_live;
  const auto may_fetch = [own] { return !own->tried || own->time.now() - *own->tried >= between_fetches; };
  if (own->keys.empty()) {
    KP_CO_CHECK(co_await refresh(own));
  } else if (old && may_fetch()) {
    const auto refreshed = co_await refresh(own);
    if (!refreshed)
      log(log_level::warning, "the keys of the service registry are old and cannot be fetched",
          {{"reason", refreshed.error().message}});
  }
  if (auto payload = verify_with(own->keys, jws, id)) co_return std::move(*payload);
  if (!may_fetch()) co_return bad_signature();
  KP_CO_CHECK(co_await refresh(own));
  if (auto payload = verify_with(own->keys, jws, id)) co_return std::move(*payload);
  co_return bad_signature();
}

}  // namespace kp::registry
