#include "protocol/jwt/issuer_keys.hpp"

#include "config/log.hpp"
#include "protocol/crypto/jws_any.hpp"
#include "protocol/http/single_flight.hpp"
#include "protocol/jwt/jwt_error.hpp"

#include <boost/asio/detached.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

namespace kp::jwt {

namespace {

namespace json = boost::json;

constexpr std::size_t max_keys = 32;
constexpr std::size_t max_document = 256 * 1024;
constexpr std::chrono::milliseconds fetch_deadline{10'000};
// OpenID Connect Discovery 4.1; RFC 8414 3.1, which Maskinporten follows.
constexpr std::array<std::string_view, 2> metadata_places{
    "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"};

std::string text_of(const json::object& all, std::string_view name) {
  const auto* value = all.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::vector<issuer_key> keys_in(const json::object& document) {
  std::vector<issuer_key> keys;
  const auto* list = document.if_contains("keys");
  if (!list || !list->is_array()) return keys;
  for (const auto& each : list->get_array()) {
    const auto* jwk = each.if_object();
    if (!jwk || keys.size() >= max_keys || text_of(*jwk, "use") == "enc") continue;
    auto key = crypto::public_key_from_jwk(*jwk);
    if (key) keys.push_back({text_of(*jwk, "kid"), text_of(*jwk, "alg"), *std::move(key)});
  }
  return keys;
}

}  // namespace

struct issuer_keys::state : std::enable_shared_from_this<state> {
  state(http::client& h, const clock& t, token_issuer i) : http(h), time(t), by(std::move(i)) {}

  http::client& http;
  const clock& time;
  token_issuer by;
  std::vector<issuer_key> keys;
  std::optional<time_point> fetched;  // last success
  std::optional<time_point> asked;    // last attempt
  http::single_flight<int, bool> fetches;

  error unusable(std::string_view why) const {
    return transient(jwt_errc::no_keys,
                     "the keys of token issuer " + by.name + ": " + std::string(why));
  }

  http::awaitable<result<json::object>> read(std::string url) {
    http::request request;
    request.url = std::move(url);
    request.headers.add("Accept", "application/json");
    request.deadlines.total = fetch_deadline;
    request.max_response_bytes = max_document;
    KP_CO_TRY(const auto response, co_await http.send(std::move(request)));
    if (response.status != 200) co_return http::to_error("token issuer " + by.name, response);
    boost::system::error_code failed;
    auto value = json::parse(response.body, failed);
    if (failed || !value.is_object()) co_return unusable("not a JSON object");
    co_return std::move(value.get_object());
  }

  http::awaitable<result<std::string>> keys_url() {
    if (!by.keys_url.empty()) co_return by.keys_url;
    auto base = by.issuer;
    while (base.ends_with('/')) base.pop_back();
    std::optional<error> first;
    for (const auto place : metadata_places) {
      auto url = base + std::string(place);
      const auto metadata = co_await read(std::move(url));
      if (!metadata) {
        if (!first) first = metadata.error();
        continue;
      }
      // RFC 8414 3.3: else somebody else's metadata could stand here.
      if (text_of(*metadata, "issuer") != by.issuer)
        co_return unusable("its metadata is of another issuer");
      auto found = text_of(*metadata, "jwks_uri");
      if (found.empty()) co_return unusable("its metadata names no jwks_uri");
      if (by.issuer.starts_with("https://") && !found.starts_with("https://"))
        co_return unusable("its jwks_uri is not https");
      co_return found;
    }
    co_return *first;
  }

  http::awaitable<result<bool>> fetch() {
    asked = time.now();
    KP_CO_TRY(auto url, co_await keys_url());
    KP_CO_TRY(const auto document, co_await read(std::move(url)));
    auto found = keys_in(document);
    if (found.empty()) co_return unusable("no key that can be used");
    keys = std::move(found);
    fetched = time.now();
    co_return true;
  }

  http::awaitable<result<bool>> refresh() {
    const auto self = shared_from_this();
    auto work = [self] { return self->fetch(); };
    std::function<http::awaitable<result<bool>>()> named = work;
    auto done = co_await fetches.run(0, std::move(named));
    if (!done)
      log(log_level::warning, "the keys of a token issuer could not be fetched",
          {{"issuer", by.name}, {"reason", done.error().message}});
    co_return done;
  }

  static http::awaitable<void> refresh_behind(std::shared_ptr<state> self) {
    const auto done = co_await self->refresh();
    static_cast<void>(done);  // logged
  }

  bool may_ask() const { return !asked || time.now() - *asked >= between_fetches; }

  std::vector<issuer_key> of(const std::string& kid) const {
    if (kid.empty()) return keys;
    std::vector<issuer_key> found;
    std::ranges::copy_if(keys, std::back_inserter(found),
                         [&](const issuer_key& each) { return each.kid == kid; });
    return found;
  }
};

issuer_keys::issuer_keys(http::client& http, const clock& time, token_issuer by)
    : state_(std::make_shared<state>(http, time, std::move(by))) {}

http::awaitable<result<std::vector<issuer_key>>> issuer_keys::find(std::string kid) {
  const auto s = state_;
  if (s->fetched && s->time.now() - *s->fetched > keys_outlive_errors) {
    s->keys.clear();
    s->fetched.reset();
  }
  if (!s->fetched) {
    if (!s->may_ask()) co_return s->unusable("they could not be fetched a moment ago");
    KP_CO_TRY([[maybe_unused]] const auto done, co_await s->refresh());
  } else if (s->time.now() - *s->fetched > keys_stay && s->may_ask()) {
    auto executor = co_await http::asio::this_coro::executor;
    http::asio::co_spawn(executor, state::refresh_behind(s), http::asio::detached);
  }
  auto found = s->of(kid);
  if (!found.empty() || !s->may_ask()) co_return found;
  // Perhaps the issuer has a new key.
  const auto refreshed = co_await s->refresh();
  static_cast<void>(refreshed);  // logged; the token is then of an unknown key
  co_return s->of(kid);
}

}  // namespace kp::jwt
