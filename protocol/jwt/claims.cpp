#include "protocol/jwt/claims.hpp"

#include "protocol/jwt/jwt_error.hpp"

#include <boost/json/parse.hpp>

#include <cmath>
#include <optional>

namespace kp::jwt {

namespace {

namespace json = boost::json;

// Far beyond any date that a token can mean, and exact in a double.
constexpr double latest_second = 1e12;

result<json::object> object_of(std::string_view payload) {
  boost::system::error_code failed;
  auto value = json::parse(payload, failed);
  if (failed || !value.is_object())
    return permanent(jwt_errc::malformed, "the token's payload is no JSON object");
  return std::move(value.get_object());
}

std::string text_of(const json::object& all, std::string_view name) {
  const auto* value = all.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

// RFC 7519 2, NumericDate: seconds, perhaps with a fraction. nullopt inside the result: not there.
result<std::optional<std::chrono::duration<double>>> date_of(const json::object& all,
                                                             std::string_view name) {
  const auto* value = all.if_contains(name);
  if (!value) return std::optional<std::chrono::duration<double>>{};
  boost::system::error_code failed;
  const auto seconds = value->to_number<double>(failed);
  if (failed || !std::isfinite(seconds) || std::abs(seconds) > latest_second)
    return permanent(jwt_errc::malformed, "the token's " + std::string(name) + " is no date");
  return std::optional(std::chrono::duration<double>(seconds));
}

bool holds(const json::value* audience, std::string_view wanted) {
  if (!audience) return false;
  if (audience->is_string()) return std::string_view(audience->get_string()) == wanted;
  if (!audience->is_array()) return false;
  for (const auto& each : audience->get_array())
    if (each.is_string() && std::string_view(each.get_string()) == wanted) return true;
  return false;
}

void add_words(std::set<std::string>& to, std::string_view text) {
  while (!text.empty()) {
    const auto space = text.find(' ');
    if (space != 0) to.emplace(text.substr(0, space));
    if (space == std::string_view::npos) return;
    text.remove_prefix(space + 1);
  }
}

std::set<std::string> scopes_of(const json::object& all) {
  std::set<std::string> scopes;
  for (const char* name : {"scope", "scp"}) {
    const auto* value = all.if_contains(name);
    if (!value) continue;
    if (value->is_string()) add_words(scopes, std::string_view(value->get_string()));
    if (!value->is_array()) continue;
    for (const auto& each : value->get_array())
      if (each.is_string()) scopes.emplace(std::string_view(each.get_string()));
  }
  return scopes;
}

// Maskinporten: {"authority": "iso6523-actorid-upis", "ID": "0192:910077473"}.
std::string consumer_of(const json::object& all) {
  const auto* value = all.if_contains("consumer");
  const auto* consumer = value ? value->if_object() : nullptr;
  if (!consumer || text_of(*consumer, "authority") != "iso6523-actorid-upis") return {};
  return text_of(*consumer, "ID");
}

result<void> check_times(const json::object& all, const token_issuer& by, time_point at) {
  const std::chrono::duration<double> now = at.time_since_epoch();
  const std::chrono::duration<double> skew = by.clock_skew;
  KP_TRY(const auto expires, date_of(all, "exp"));
  KP_TRY(const auto begins, date_of(all, "nbf"));
  KP_TRY(const auto issued, date_of(all, "iat"));
  if (!expires) return permanent(jwt_errc::malformed, "the token never expires");
  if (now >= *expires + skew) return permanent(jwt_errc::not_valid_now, "the token has expired");
  if ((begins && now + skew < *begins) || (issued && now + skew < *issued))
    return permanent(jwt_errc::not_valid_now, "the token is not valid yet");
  return {};
}

}  // namespace

result<std::string> unverified_issuer(std::string_view payload) {
  KP_TRY(const auto all, object_of(payload));
  auto issuer = text_of(all, "iss");
  if (issuer.empty()) return permanent(jwt_errc::malformed, "the token names no issuer");
  return issuer;
}

result<claims> check_claims(std::string_view payload, const token_issuer& by, time_point now) {
  KP_TRY(const auto all, object_of(payload));
  if (text_of(all, "iss") != by.issuer)
    return permanent(jwt_errc::untrusted_issuer, "the token is of another issuer");
  if (!holds(all.if_contains("aud"), by.audience))
    return permanent(jwt_errc::wrong_audience, "the token is meant for somebody else");
  KP_CHECK(check_times(all, by, now));
  auto client = text_of(all, "client_id");
  if (client.empty()) client = text_of(all, "azp");
  return claims{scopes_of(all), consumer_of(all), std::move(client)};
}

}  // namespace kp::jwt
