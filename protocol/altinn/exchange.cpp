#include "protocol/altinn/exchange.hpp"

#include "config/text.hpp"
#include "protocol/crypto/jws.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/single_flight.hpp"
#include "protocol/maskinporten/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kp::altinn {

namespace {

constexpr std::size_t max_cached_tokens = 4096;
constexpr std::chrono::minutes longest_use{25};     // dpo.md 2.3
constexpr std::chrono::seconds longest_margin{10};  // Broker allows no clock skew (dpo.md 2.4)

using cache_key = std::pair<maskinporten::system_user, std::string>;

struct cached {
  std::string value;
  time_point use_until;
};

maskinporten::token_request request_for(const cache_key& key) {
  maskinporten::token_request wanted{{key.second}, std::nullopt, std::nullopt};
  if (!key.first.organisation.empty()) wanted.on_behalf_of = key.first;
  return wanted;
}

// dpo.md 2.2: the token is the body, sometimes in quotes.
std::string bare(std::string_view body) {
  body = trim(body);
  if (body.size() >= 2 && body.front() == '"' && body.back() == '"')
    body = body.substr(1, body.size() - 2);
  return std::string(body);
}

std::optional<time_point> expiry(const crypto::jws& token) {
  const auto claims = json::parse(token.payload);
  const auto seconds = claims ? json::integer(*claims, "exp") : std::nullopt;
  if (!seconds) return std::nullopt;
  return time_point(std::chrono::seconds(*seconds));
}

}  // namespace

struct token_exchange::state {
  http::client& http;
  const clock& time;
  maskinporten::client& maskinporten;
  std::string url;
  std::map<cache_key, cached> tokens;
  http::single_flight<cache_key, std::string> flights;

  void keep(const cache_key& key, cached fresh) {
    if (tokens.size() >= max_cached_tokens) {
      const auto now = time.now();
      std::erase_if(tokens, [now](const auto& each) { return each.second.use_until <= now; });
      if (tokens.size() >= max_cached_tokens) tokens.erase(tokens.begin());
    }
    tokens.insert_or_assign(key, std::move(fresh));
  }
  result<std::string> take(const cache_key& key, const http::response& answer, time_point asked_at);
};

result<std::string> token_exchange::state::take(const cache_key& key, const http::response& answer,
                                                time_point asked_at) {
  if (answer.status != 200) return http::to_error("Altinn's token exchange", answer);
  auto value = bare(answer.body);
  const auto token = crypto::parse_jws(value);
  if (!token)
    return transient(http::http_errc::bad_answer,
                     "Altinn's token exchange answered 200 without a token");
  auto use_until = asked_at + longest_use;
  if (const auto ends = expiry(*token)) {
    const auto life = std::max(*ends - asked_at, std::chrono::microseconds(0));
    use_until =
        std::min(use_until, *ends - std::min<std::chrono::microseconds>(longest_margin, life / 4));
  }
  if (use_until > asked_at) keep(key, {value, use_until});
  return value;
}

token_exchange::token_exchange(http::client& http, const clock& time,
                               maskinporten::client& maskinporten, std::string exchange_url)
    : state_(new state{http, time, maskinporten, std::move(exchange_url), {}, {}}) {}

token_exchange::~token_exchange() = default;

http::awaitable<result<std::string>> token_exchange::fetch(std::shared_ptr<state> own,
                                                           maskinporten::system_user user,
                                                           std::string scope) {
  const cache_key key{std::move(user), std::move(scope)};
  const auto wanted = request_for(key);
  for (bool again = false;; again = true) {
    KP_CO_TRY(const auto token, co_await own->maskinporten.get(wanted));
    http::request asked;
    asked.url = own->url;
    asked.headers.add("Authorization", "Bearer " + token.value);
    const auto now = own->time.now();
    const auto answer = co_await own->http.send(std::move(asked));
    if (!answer) co_return with_context(answer.error(), "Altinn's token exchange");
    // What has been exchanged is needed no more, and what was refused is no good.
    if (answer->status == 200 || answer->status == 401) own->maskinporten.forget(wanted);
    if (answer->status != 401 || again) co_return own->take(key, *answer, now);
  }
}

http::awaitable<result<std::string>> token_exchange::get(const maskinporten::system_user& user,
                                                         std::string scope) {
  const auto own = state_;
  const cache_key key{user, scope};
  if (const auto found = own->tokens.find(key);
      found != own->tokens.end() && own->time.now() < found->second.use_until)
    co_return found->second.value;
  std::function<http::awaitable<result<std::string>>()> make = [own, key] {
    return fetch(own, key.first, key.second);
  };
  co_return co_await own->flights.run(key, std::move(make));
}

void token_exchange::forget(const maskinporten::system_user& user, std::string_view scope) {
  const cache_key key{user, std::string(scope)};
  state_->tokens.erase(key);
  state_->maskinporten.forget(request_for(key));
}

}  // namespace kp::altinn
