#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/single_flight.hpp"
#include "protocol/registry/answer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <list>
#include <unordered_map>

namespace kp::registry {

namespace {

constexpr std::size_t max_answer_bytes = 4 * 1024 * 1024;

// No answer at all: a 5xx, a timeout, no connection, also on the way to a token. An answer that
// does not verify is no outage; serving an old one then would hide it.
bool is_outage(const error& e) {
  return e.retryable && e.code.category() == http::http_errc_category() &&
         e.code != http::http_errc::bad_answer;
}

// Percent-encodes what may not stand in a path segment; ':' stays (service-registry.md 1.3).
std::string path_segment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == ':' || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string target_of(const std::string& base, const lookup& what) {
  auto url = base + "/identifier/" + path_segment(what.identifier);
  if (what.process) url += "/process/" + path_segment(*what.process);
  char separator = '?';
  if (what.security_level) {
    url += fmt::format("{}securityLevel={}", separator, *what.security_level);
    separator = '&';
  }
  if (what.conversation && !what.conversation->empty())
    url += fmt::format("{}conversationId={}", separator, path_segment(*what.conversation));
  return url;
}

// Answers by key, bounded, least recently used leave first.
template <class Value>
class recent {
 public:
  struct entry {
    Value value;
    time_point at;
  };
  explicit recent(std::size_t limit) : limit_(limit) {}

  const entry* find(const std::string& key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, it->second);
    return &it->second->second;
  }
  void put(const std::string& key, Value value, time_point at) {
    erase(key);
    order_.emplace_front(key, entry{std::move(value), at});
    index_[key] = order_.begin();
    if (order_.size() > limit_) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
  }
  void erase(const std::string& key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return;
    order_.erase(it->second);
    index_.erase(it);
  }

 private:
  using list = std::list<std::pair<std::string, entry>>;
  std::size_t limit_;
  list order_;
  std::unordered_map<std::string, typename list::iterator> index_;
};

result<std::string> as_it_is(const std::string& payload) {
  return payload;
}

result<std::string> name_in(const std::string& payload) {
  KP_TRY(auto said, parse_answer(payload));
  return std::move(said.organisation_name);
}

// "8093 910077473", as it is cached.
result<std::string> party_in(const std::string& payload) {
  KP_TRY(const auto said, parse_health_party(payload));
  return fmt::format("{} {}", said.her_id, said.organisation);
}

}  // namespace

std::string describe(const lookup& what) {
  const auto number = [](const std::optional<int>& n) { return n ? std::to_string(*n) : "null"; };
  return fmt::format(
      "SRParameter(identifier={}, process={}, securityLevel={}, print=null, infoOnly=false, "
      "conversationId={})",
      what.identifier, what.process.value_or("null"), number(what.security_level),
      what.conversation.value_or("null"));
}

std::string text_for_client(const error& why, const lookup& what) {
  auto text = why.message;
  const auto masked = mask_person_numbers(describe(what));
  if (const auto at = text.find(masked); at != std::string::npos)
    text.replace(at, masked.size(), describe(what));
  return text;
}

struct client::state {
  state(http::client& h, const clock& t, maskinporten::client& m, signing_keys& k,
        client_settings s)
      : http(h),
        time(t),
        tokens(m),
        keys(k),
        settings(std::move(s)),
        answers(settings.max_entries),
        certificates(settings.max_entries),
        names(settings.max_entries),
        parties(settings.max_entries) {}

  http::client& http;
  const clock& time;
  maskinporten::client& tokens;
  signing_keys& keys;
  client_settings settings;
  recent<answer> answers;
  recent<std::string> certificates;
  recent<std::string> names;
  recent<std::string> parties;
  http::single_flight<std::string, answer> lookups;
  http::single_flight<std::string, std::string> certificate_lookups;
  http::single_flight<std::string, std::string> name_lookups;
  http::single_flight<std::string, std::string> party_lookups;

  // One signed GET; a 401 gets a new token once. The payload is verified. `what` is for errors, so
  // it is masked.
  http::awaitable<result<std::string>> get(std::string url, std::string what) {
    maskinporten::token_request wanted;
    wanted.scopes = settings.scopes;
    for (int attempt = 0;; ++attempt) {
      KP_CO_TRY(const auto token, co_await tokens.get(wanted));
      http::request request;
      request.url = url;
      request.headers.add("Accept", "application/jose");
      request.headers.add("Accept", "application/json");
      request.headers.add("Authorization", "Bearer " + token.value);
      if (settings.beta) request.headers.add("X-Enable-Beta-Features", "true");
      request.max_response_bytes = max_answer_bytes;
      KP_CO_TRY(const auto response, co_await http.send(std::move(request)));
      if (response.status == 200) co_return co_await keys.verified_payload(trim(response.body));
      if (response.status == 401 && attempt == 0) {
        tokens.forget(wanted);
        continue;
      }
      const auto description = error_description(response.body);
      if (response.status == 404)
        co_return permanent(registry_errc::not_found,
                            description.empty() ? "Service record not found for parameters: " + what
                                                : mask_person_numbers(description));
      if (response.status >= 400 && response.status < 500 && response.status != 401 &&
          response.status != 403 && response.status != 429)
        co_return permanent(registry_errc::refused,
                            fmt::format("Caught exception when looking up service record with {}, "
                                        "http status {}: {}",
                                        what, response.status, mask_person_numbers(description)));
      co_return http::to_error("Service Registry", response);
    }
  }

  http::awaitable<result<answer>> fetch(std::string key, lookup what) {
    const auto asked = mask_person_numbers(describe(what));
    auto payload = co_await get(target_of(settings.base_url, what), asked);
    if (!payload) {
      auto why = payload.error();
      if (why.code == registry_errc::not_found) {
        answers.erase(key);
        // Upstream's text names the parameters, whatever the registry said.
        why.message = "Service record not found for parameters: " + asked;
      }
      co_return why;
    }
    KP_CO_TRY(auto parsed, parse_answer(*payload));
    answers.put(key, parsed, time.now());
    co_return parsed;
  }

  using texts = recent<std::string>;
  using reading = result<std::string> (*)(const std::string& payload);

  http::awaitable<result<std::string>> fetch_text(std::string key, std::string url, texts& cache,
                                                  reading read) {
    auto payload = co_await get(std::move(url), mask_person_numbers(key));
    if (!payload) {
      if (payload.error().code == registry_errc::not_found) cache.erase(key);
      co_return payload.error();
    }
    KP_CO_TRY(auto text, read(*payload));
    cache.put(key, text, time.now());
    co_return text;
  }

  // What is read of one address, cached as answers are.
  http::awaitable<result<std::string>> text_at(std::string key, std::string url, texts& cache,
                                               http::single_flight<std::string, std::string>& same,
                                               reading read) {
    if (const auto* kept = cache.find(key); kept && time.now() - kept->at < settings.fresh)
      co_return kept->value;
    std::function<http::awaitable<result<std::string>>()> work = [this, key, url, &cache, read] {
      return fetch_text(key, url, cache, read);
    };
    auto fetched = co_await same.run(key, std::move(work));
    if (fetched || !is_outage(fetched.error())) co_return fetched;
    const auto* kept = cache.find(key);
    if (!kept || time.now() - kept->at > settings.stale) co_return fetched;
    co_return kept->value;
  }
};

client::client(http::client& http, const clock& time, maskinporten::client& maskinporten,
               signing_keys& keys, client_settings settings)
    : state_(std::make_shared<state>(http, time, maskinporten, keys, std::move(settings))) {}

client::~client() = default;

http::awaitable<result<answer>> client::find(lookup what) {
  const auto s = state_;
  const auto key = fmt::format("{}\n{}\n{}", what.identifier, what.process.value_or(""),
                               what.security_level.value_or(0));
  if (const auto* kept = s->answers.find(key); kept && s->time.now() - kept->at < s->settings.fresh)
    co_return kept->value;
  std::function<http::awaitable<result<answer>>()> work = [s, key, what] {
    return s->fetch(key, what);
  };
  auto fetched = co_await s->lookups.run(key, std::move(work));
  if (fetched || !is_outage(fetched.error())) co_return fetched;
  const auto* kept = s->answers.find(key);
  if (!kept || s->time.now() - kept->at > s->settings.stale) co_return fetched;
  log(log_level::warning,
      "Service Registry does not answer, an older answer is used: " + fetched.error().message);
  auto old = kept->value;
  old.stale = true;
  co_return old;
}

http::awaitable<result<std::string>> client::published_certificate(std::string organisation) {
  const auto s = state_;
  const auto url = s->settings.base_url + "/virksert/" + path_segment(organisation);
  co_return co_await s->text_at(std::move(organisation), url, s->certificates,
                                s->certificate_lookups, &as_it_is);
}

http::awaitable<result<std::string>> client::organisation_name(std::string organisation) {
  const auto s = state_;
  const auto url = s->settings.base_url + "/info/" + path_segment(organisation);
  co_return co_await s->text_at(std::move(organisation), url, s->names, s->name_lookups, &name_in);
}

http::awaitable<result<health_party>> client::find_health_party(std::string identifier) {
  const auto s = state_;
  const auto url = s->settings.base_url + "/info/" + path_segment(identifier);
  KP_CO_TRY(const auto text, co_await s->text_at(std::move(identifier), url, s->parties,
                                                 s->party_lookups, &party_in));
  health_party out;
  const auto* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, out.her_id);
  out.organisation = std::string(number.ptr, end).substr(1);
  co_return out;
}

}  // namespace kp::registry
