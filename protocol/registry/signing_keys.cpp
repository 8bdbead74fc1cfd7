#include "protocol/http/single_flight.hpp"
#include "protocol/registry/registry.hpp"

#include <boost/json.hpp>

#include <map>

namespace kp::registry {

namespace {

constexpr std::chrono::minutes keys_stay{10};
constexpr std::chrono::seconds between_fetches{30};
constexpr std::size_t max_keys = 16;

using key_set = std::map<std::string, std::shared_ptr<EVP_PKEY>>;  // by kid, "" without

result<key_set> parse_keys(std::string_view text) {
  boost::system::error_code failed;
  const auto root = boost::json::parse(text, failed);
  const auto bad = [](const char* why) {
    return transient(registry_errc::bad_answer,
                     std::string("the Service Registry's key set is unusable: ") + why);
  };
  if (failed || !root.is_object()) return bad("not a JSON object");
  const auto* list = root.get_object().if_contains("keys");
  if (!list || !list->is_array()) return bad("no keys");
  key_set keys;
  for (const auto& entry : list->get_array()) {
    if (!entry.is_object() || keys.size() >= max_keys) continue;
    auto key = crypto::rsa_key_from_jwk(entry.get_object());
    if (!key) continue;  // a key of another kind is not ours to use
    const auto* kid = entry.get_object().if_contains("kid");
    keys.emplace(kid && kid->is_string() ? std::string(kid->as_string()) : std::string(), *key);
  }
  if (keys.empty()) return bad("no RSA key in it");
  return keys;
}

}  // namespace

struct signing_keys::state {
  http::client& http;
  const clock& time;
  std::string url;
  key_set keys;
  std::optional<time_point> fetched;  // last success
  std::optional<time_point> asked;    // last attempt
  http::single_flight<int, bool> fetches;

  http::awaitable<result<bool>> fetch() {
    asked = time.now();
    http::request request;
    request.url = url;
    request.headers.add("Accept", "application/json");
    KP_CO_TRY(const auto response, co_await http.send(std::move(request)));
    if (response.status != 200) co_return http::to_error("Service Registry keys", response);
    KP_CO_TRY(keys, parse_keys(response.body));
    fetched = time.now();
    co_return true;
  }

  http::awaitable<result<bool>> refresh() {
    auto work = [this] { return fetch(); };
    std::function<http::awaitable<result<bool>>()> named = work;
    co_return co_await fetches.run(0, std::move(named));
  }

  // Tries the key that the header names, else every key.
  result<std::string> verify(std::string_view compact) const {
    KP_TRY(const auto parsed, crypto::parse_jws(compact));
    const auto* kid = parsed.header.if_contains("kid");
    const auto named =
        kid && kid->is_string() ? keys.find(std::string(kid->as_string())) : keys.end();
    for (auto it = keys.begin(); it != keys.end(); ++it) {
      if (named != keys.end() && it != named) continue;
      auto verified = crypto::verify_jws(compact, it->second.get());
      if (verified) return std::move(verified->payload);
    }
    return transient(registry_errc::bad_signature,
                     "Bad signature in response from service registry");
  }
};

signing_keys::signing_keys(http::client& http, const clock& time, std::string url)
    : state_(std::make_shared<state>(http, time, std::move(url))) {}

signing_keys::~signing_keys() = default;

http::awaitable<result<std::string>> signing_keys::verified_payload(std::string_view compact_jws) {
  const auto s = state_;
  const std::string text(compact_jws);
  const auto now = s->time.now();
  const bool asked_lately = s->asked && now - *s->asked < between_fetches;
  if (s->keys.empty() || (now - *s->fetched > keys_stay && !asked_lately)) {
    // Old keys serve while the registry cannot be reached.
    const auto refreshed = co_await s->refresh();
    if (!refreshed && s->keys.empty()) co_return refreshed.error();
  }
  auto verified = s->verify(text);
  if (verified) co_return verified;
  if (s->asked && s->time.now() - *s->asked < between_fetches) co_return verified;
  // Perhaps the registry has a new key.
  if (const auto refreshed = co_await s->refresh(); !refreshed) co_return verified;
  co_return s->verify(text);
}

}  // namespace kp::registry
