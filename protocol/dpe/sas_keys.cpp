#include "protocol/dpe/sas_keys.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/dpe/dpe_error.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/single_flight.hpp"

#include <fmt/format.h>

namespace kp::dpe {

namespace {

constexpr std::chrono::hours fresh{24};           // dpe.md 4
constexpr std::chrono::minutes stand_in_life{5};  // then the registry is asked again
constexpr std::size_t max_answer_bytes = 64 * 1024;
constexpr std::size_t max_key_bytes = 512;
constexpr std::string_view scope = "eformidling:dpe";

maskinporten::token_request wanted_token() {
  return {{std::string(scope)}, std::nullopt, std::nullopt};
}

}  // namespace

struct sas_keys::state {
  http::client& http;
  const clock& time;
  maskinporten::client& tokens;
  registry::signing_keys& signed_by;
  sas_key_settings settings;

  std::optional<std::string> current{};
  time_point use_until{};
  std::optional<std::string> bad{};  // the last one that the Service Bus refused
  http::single_flight<int, std::string> flights{};

  // The answer of the registry, a new token once after a 401.
  http::awaitable<result<std::string>> ask() {
    for (bool again = false;; again = true) {
      const auto wanted = wanted_token();
      KP_CO_TRY(const auto token, co_await tokens.get(wanted));
      http::request asked;
      asked.url = settings.registry_url + "/sastoken";
      asked.headers.add("Accept", "application/jose");
      asked.headers.add("Accept", "application/json");
      asked.headers.add("Authorization", "Bearer " + token.value);
      asked.max_response_bytes = max_answer_bytes;
      KP_CO_TRY(const auto answer, co_await http.send(std::move(asked)));
      if (answer.status == 401 && !again) {
        tokens.forget(wanted);
        continue;
      }
      if (answer.status == 404)
        co_return transient(dpe_errc::no_key,
                            "the Service Registry has no key for the Service Bus (404)");
      if (answer.status != 200) co_return http::to_error("Service Registry (sastoken)", answer);
      co_return co_await signed_by.verified_payload(trim(answer.body));
    }
  }

  result<std::string> take(std::string key) {
    if (key.empty() || key.size() > max_key_bytes)
      return transient(dpe_errc::no_key, "the Service Registry answered with no key");
    const bool news = key != settings.stored;
    current = key;
    use_until = time.now() + fresh;
    if (news) {
      settings.stored = key;
      if (settings.keep) settings.keep(key);
    }
    return key;
  }

  result<std::string> stand_in(error why) {
    if (!settings.stored || settings.stored == bad) return why;
    log(log_level::warning, "the key of the Service Bus cannot be fetched, the last one is used",
        {{"service", "DPE"}, {"detail", why.message}});
    current = settings.stored;
    use_until = time.now() + stand_in_life;
    return *current;
  }
};

sas_keys::sas_keys(http::client& http, const clock& time, maskinporten::client& maskinporten,
                   registry::signing_keys& signed_by, sas_key_settings settings)
    : state_(new state{http, time, maskinporten, signed_by, std::move(settings)}) {
  auto& url = state_->settings.registry_url;
  while (url.ends_with('/')) url.pop_back();
}

sas_keys::~sas_keys() = default;

http::awaitable<result<std::string>> sas_keys::fetch(std::shared_ptr<state> own) {
  auto key = co_await own->ask();
  if (!key) co_return own->stand_in(key.error());
  co_return own->take(*std::move(key));
}

http::awaitable<result<std::string>> sas_keys::get() {
  const auto own = state_;
  if (own->current && own->time.now() < own->use_until) co_return *own->current;
  std::function<http::awaitable<result<std::string>>()> make = [own] { return fetch(own); };
  co_return co_await own->flights.run(0, std::move(make));
}

void sas_keys::refused(const std::string& key) {
  state_->bad = key;
  if (state_->current == key) state_->current.reset();
}

}  // namespace kp::dpe
