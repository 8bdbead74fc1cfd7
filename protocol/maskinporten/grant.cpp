#include "protocol/maskinporten/grant.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/crypto/jws.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/maskinporten/json.hpp"

#include <boost/json/serialize.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace kp::maskinporten {

namespace {

constexpr std::int64_t grant_seconds = 120;  // maskinporten.md 2.2: exp - iat is at most this
constexpr std::size_t longest_description = 300;

struct known_error {
  std::string_view mark;  // in error_description
  std::string_view advice;
  bool repeat = false;  // a new grant may succeed without anyone's help
};

// maskinporten.md 3.2.
constexpr std::array known_errors{
    known_error{"MP-011", "the grant has a bad parameter; report this as an error in the hub"},
    known_error{"MP-012", "the grant was used before; a new one is made", true},
    known_error{"MP-100",
                "the client id is not known in this environment; check client id and environment"},
    known_error{"MP-110", "the audience is not this environment's; check audience and token URL"},
    known_error{
        "MP-120",
        "the certificate is not accepted; check that it is an organisation certificate, has "
        "not expired, and is not a test certificate in production or the other way round"},
    known_error{"MP-121", "the key registered on the client has expired; register a new one"},
    known_error{
        "MP-122",
        "the certificate belongs to another organisation than the client; use the key store "
        "of the organisation that owns the client"},
    known_error{"MP-123",
                "the certificate header is malformed; report this as an error in the hub"},
    known_error{
        "MP-124",
        "the signature is not accepted; check that the key is the one registered on the client"},
    known_error{"MP-130", "the grant had expired on arrival; check this machine's clock (NTP)",
                true},
    known_error{"Issue time is after now", "this machine's clock is ahead; check NTP", true},
    known_error{
        "MP-200",
        "a scope is not on the client; give the client every scope of the services that are "
        "enabled, or disable the service: one missing scope fails the whole request"},
    known_error{"MP-201",
                "a scope is not meant for Maskinporten; check the spelling of the scopes"},
    known_error{"MP-250", "the consumer has no access to the scope; it must be granted to them"},
    known_error{
        "MP-251",
        "the consumer has not delegated the scope to the supplier; they must do so in Altinn"},
    known_error{"MP-301",
                "the type of the authorization details is not known; check the environment"},
    known_error{
        "MP-302",
        "the authorization details have an unknown member; report this as an error in the hub"},
    known_error{
        "MP-303",
        "there is no approved system user of that name for the organisation; create it and let "
        "the organisation approve it, or correct its name and organisation in the settings"},
    known_error{"consumer_org",
                "the organisation asks on behalf of itself; leave consumer_org out for it"},
};

boost::json::object organisation_object(const std::string& id) {
  return {{"authority", "iso6523-actorid-upis"}, {"ID", id}};
}

boost::json::array details_of(const system_user& user) {
  boost::json::object one;
  one["type"] = "urn:altinn:systemuser";
  one["systemuser_org"] = organisation_object(user.organisation);
  one["externalRef"] = user.name;
  boost::json::array details;
  details.push_back(std::move(one));
  return details;
}

std::string without_tokens(std::string text) {
  if (const auto at = text.find("eyJ"); at != std::string::npos)
    text = text.substr(0, at) + "(cut)";
  if (text.size() > longest_description) text.resize(longest_description);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return mask_person_numbers(text);
}

}  // namespace

result<std::string> make_assertion(const client_settings& settings, const crypto::keystore& keys,
                                   const token_request& asked, const std::string& id,
                                   time_point now) {
  boost::json::object header;
  if (settings.key_id) {
    header["kid"] = *settings.key_id;
  } else {
    boost::json::array chain;
    chain.emplace_back(to_base64(keys.leaf.der()));
    header["x5c"] = std::move(chain);
  }
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  boost::json::object claims;
  claims["aud"] = settings.audience;
  claims["iss"] = settings.client_id;
  claims["scope"] = fmt::format("{}", fmt::join(asked.scopes, " "));
  claims["jti"] = id;
  claims["iat"] = seconds;
  claims["exp"] = seconds + grant_seconds;
  if (asked.consumer_org) claims["consumer_org"] = *asked.consumer_org;
  if (asked.on_behalf_of) claims["authorization_details"] = details_of(*asked.on_behalf_of);
  return crypto::sign_jws(std::move(header), boost::json::serialize(claims), keys.key);
}

error to_refusal(const client_settings& settings, const token_request& asked,
                 const http::response& answer) {
  const auto what = fmt::format("Maskinporten gives client {} no token for \"{}\"",
                                settings.client_id, fmt::join(asked.scopes, " "));
  const auto body = json::parse(answer.body);
  const auto code = body ? json::text(*body, "error") : std::nullopt;
  if (!code || answer.status >= 500 || answer.status == 429) {
    // A page of a proxy or an outage; it may repeat what was sent.
    http::response scrubbed = answer;
    scrubbed.body = without_tokens(answer.body);
    return http::to_error(what, scrubbed);
  }
  const auto description = json::text(*body, "error_description").value_or("");
  auto refusal = permanent(
      http::http_errc::refused,
      fmt::format("{}: {}: {}", what, without_tokens(*code), without_tokens(description)));
  for (const auto& known : known_errors) {
    if (description.find(known.mark) == std::string::npos) continue;
    refusal.message += fmt::format(" -- {}", known.advice);
    refusal.retryable = known.repeat;
    break;
  }
  return refusal;
}

}  // namespace kp::maskinporten
