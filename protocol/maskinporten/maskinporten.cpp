#include "protocol/maskinporten/maskinporten.hpp"

#include "config/text.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/single_flight.hpp"
#include "protocol/maskinporten/grant.hpp"
#include "protocol/maskinporten/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace kp::maskinporten {

namespace {

constexpr std::size_t max_cached_tokens = 4096;
constexpr std::chrono::seconds longest_margin{10};
constexpr std::int64_t longest_life = 24 * 3600;
constexpr std::string_view form_start =
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";

// One JWT is one token of these characters; anything else would end a header line or a log line.
bool is_token_text(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

using cache_key =
    std::tuple<std::vector<std::string>, std::optional<system_user>, std::optional<std::string>>;

cache_key key_of(const token_request& asked) {
  auto scopes = asked.scopes;
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  return {std::move(scopes), asked.on_behalf_of, asked.consumer_org};
}

struct cached {
  token value;
  time_point use_until;
};

}  // namespace

struct client::state {
  http::client& http;
  http::asio::thread_pool& workers;
  const clock& time;
  random_source& random;
  client_settings settings;
  std::shared_ptr<const crypto::keystore> keys;
  std::map<cache_key, cached> tokens;
  http::single_flight<cache_key, token> flights;

  // The key is of a caller's making: keep what is in use and let the dead leave.
  void keep(const cache_key& key, cached fresh) {
    if (tokens.size() >= max_cached_tokens) {
      const auto now = time.now();
      std::erase_if(tokens, [now](const auto& each) { return each.second.use_until <= now; });
      if (tokens.size() >= max_cached_tokens) tokens.erase(tokens.begin());
    }
    tokens.insert_or_assign(key, std::move(fresh));
  }
  result<token> take(const token_request& asked, const cache_key& key, const http::response& answer,
                     time_point asked_at);
};

result<token> client::state::take(const token_request& asked, const cache_key& key,
                                  const http::response& answer, time_point asked_at) {
  if (answer.status != 200) return to_refusal(settings, asked, answer);
  const auto body = json::parse(answer.body);
  const auto value = body ? json::text(*body, "access_token") : std::nullopt;
  if (!value || !is_token_text(*value))
    return transient(
        http::http_errc::bad_answer,
        fmt::format("Maskinporten at {} answered 200 without a token", settings.token_url));
  const std::chrono::seconds life(
      std::clamp<std::int64_t>(json::integer(*body, "expires_in").value_or(0), 0, longest_life));
  token fresh{*value, asked_at + life};
  const auto margin =
      std::min<std::chrono::milliseconds>(longest_margin, std::chrono::milliseconds(life) / 4);
  if (life.count() > 0) keep(key, {fresh, fresh.expires - margin});
  return fresh;
}

namespace {

http::awaitable<result<std::string>> sign(http::asio::thread_pool& workers,
                                          client_settings settings,
                                          std::shared_ptr<const crypto::keystore> keys,
                                          token_request asked, std::string id, time_point now) {
  auto work = [settings = std::move(settings), keys = std::move(keys), asked = std::move(asked),
               id = std::move(id), now] { return make_assertion(settings, *keys, asked, id, now); };
  co_return co_await http::on_workers(workers, std::move(work));
}

}  // namespace

client::client(http::client& http, http::asio::thread_pool& workers, const clock& time,
               random_source& random, client_settings settings,
               std::shared_ptr<const crypto::keystore> keys)
    : state_(new state{http, workers, time, random, std::move(settings), std::move(keys), {}, {}}) {
}

client::~client() = default;

http::awaitable<result<token>> client::fetch(std::shared_ptr<state> own, token_request asked) {
  const auto key = key_of(asked);
  // maskinporten.md 2.2: an organisation on behalf of itself is refused.
  if (asked.consumer_org && !own->settings.key_id && !own->settings.sends_own_consumer) {
    const auto self = own->keys->leaf.organisation();
    if (self && self->to_string() == *asked.consumer_org) asked.consumer_org.reset();
  }
  const auto now = own->time.now();
  const auto id = own->random.uuid();
  KP_CO_TRY(const auto assertion,
            co_await sign(own->workers, own->settings, own->keys, asked, id, now));
  http::request grant;
  grant.method = "POST";
  grant.url = own->settings.token_url;
  grant.headers.add("Content-Type", "application/x-www-form-urlencoded");
  grant.headers.add("Accept", "application/json");
  grant.body = std::string(form_start) + assertion;
  const auto answer = co_await own->http.send(std::move(grant));
  if (!answer) co_return with_context(answer.error(), "Maskinporten");
  co_return own->take(asked, key, *answer, now);
}

http::awaitable<result<token>> client::get(token_request asked) {
  const auto own = state_;
  if (asked.scopes.empty())
    co_return permanent(http::http_errc::refused,
                        "no scope to ask Maskinporten for: no message service is enabled");
  const auto key = key_of(asked);
  if (const auto found = own->tokens.find(key);
      found != own->tokens.end() && own->time.now() < found->second.use_until)
    co_return found->second.value;
  std::function<http::awaitable<result<token>>()> make = [own, asked] {
    return fetch(own, asked);
  };
  co_return co_await own->flights.run(key, std::move(make));
}

void client::forget(const token_request& asked) {
  state_->tokens.erase(key_of(asked));
}

}  // namespace kp::maskinporten
