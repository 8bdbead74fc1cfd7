#include "tools/sandbox/maskinporten.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::int64_t longest_grant = 120;    // exp - iat, seconds
constexpr std::int64_t tolerated_future = 10;  // iat ahead of our clock, seconds

response refuse(std::string_view kind, std::string_view text, std::string_view code = {},
                unsigned status = 400) {
  static const auto random = make_secure_random();
  const auto trace = to_hex(random->bytes(8));
  const auto tail = code.empty() ? fmt::format("(trace_id: {})", trace)
                                 : fmt::format("({}, trace_id: {})", code, trace);
  auto out =
      json_answer(status, {{"error", kind},
                           {"error_description", fmt::format("{} {}", text, tail)},
                           {"error_uri", "https://docs.digdir.no/maskinporten_feilsoking.html"}});
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

response bad_grant(std::string_view text, std::string_view code = {}) {
  return refuse("invalid_grant",
                fmt::format("Invalid assertion. Client authentication failed. {}", text), code);
}

std::string joined(const std::vector<std::string>& list) {
  return fmt::format("{}", fmt::join(list, " "));
}

}  // namespace

response maskinporten::token(const request& call, const rsa_key* signer) {
  const auto type = call.header("content-type").value_or("");
  if (!equals_ignoring_case(trim(type.substr(0, type.find(';'))),
                            "application/x-www-form-urlencoded"))
    return refuse("invalid_request", "The request must be form encoded", "MP-011");
  std::optional<std::string> asked, assertion;
  for (auto& [name, value] : parse_form(call.body)) {
    if (name == "grant_type")
      asked = std::move(value);
    else if (name == "assertion")
      assertion = std::move(value);
  }
  if (!asked || *asked != grant_type)
    return refuse("unsupported_grant_type", "Only the JWT bearer grant is supported", "MP-011");
  const auto parsed = assertion ? parse_jwt(*assertion) : std::nullopt;
  if (!parsed || assertion->find_first_of("\r\n \t") != std::string::npos)
    return refuse("invalid_request", "Invalid value of parameter assertion", "MP-011");
  auto out = grant(*parsed, signer);
  recorded_.push_back(
      {{"header", parsed->header}, {"claims", parsed->claims}, {"status", out.status}});
  if (recorded_.size() > max_recorded_grants) recorded_.pop_front();
  return out;
}

response maskinporten::grant(const jwt& assertion, const rsa_key* signer) {
  const auto* client = known_.find_client(text_at(assertion.claims, "iss"));
  if (!client) return bad_grant("Unknown client", "MP-100");
  if (auto refused = refuse_signature(assertion, *client)) return *std::move(refused);
  const auto* audiences = array_at(assertion.claims, "aud");
  const bool one = audiences && audiences->size() == 1 && audiences->at(0).is_string();
  const std::string audience =
      one ? std::string(audiences->at(0).get_string()) : text_at(assertion.claims, "aud");
  if (audience != self_.name) return bad_grant("Invalid audience", "MP-110");
  if (auto refused = refuse_times(assertion)) return *std::move(refused);

  const auto scopes = words(text_at(assertion.claims, "scope"));
  const bool granted = std::ranges::all_of(
      scopes, [&](const std::string& scope) { return client->scopes.contains(scope); });
  if (scopes.empty() || !granted)
    return refuse("invalid_scope",
                  "Invalid scope. Token request contains invalid scopes for client", "MP-200");
  if (auto refused = refuse_delegation(assertion, *client, scopes)) return *std::move(refused);

  const auto delegated = text_at(assertion.claims, "consumer_org");
  const auto now = epoch_seconds(time_.now());
  json::object claims{{"scope", joined(scopes)},
                      {"iss", self_.name},
                      {"client_amr", assertion.header.contains("x5c") ? "virksomhetssertifikat"
                                                                      : "private_key_jwt"},
                      {"token_type", "Bearer"},
                      {"exp", now + lifetime_.count()},
                      {"iat", now},
                      {"client_id", client->id},
                      {"jti", to_base64url(random_.bytes(24))},
                      {"consumer", iso6523(delegated.empty() ? client->owner : delegated)}};
  if (!delegated.empty()) {
    claims["supplier"] = iso6523(client->owner);
    claims["delegation_source"] = "https://tt02.altinn.no/";
  }
  if (auto refused = add_authorization(assertion, *client, claims)) return *std::move(refused);
  auto out = json_answer(
      200,
      {{"access_token", make_jwt(signer ? *signer : self_.key, {{"kid", self_.key_id()}}, claims)},
       {"token_type", "Bearer"},
       {"expires_in", lifetime_.count()},
       {"scope", joined(scopes)}});
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

std::optional<response> maskinporten::refuse_signature(const jwt& assertion,
                                                       const maskinporten_client& client) const {
  const auto* chain = assertion.header.if_contains("x5c");
  const bool named = assertion.header.contains("kid");
  if (named == (chain != nullptr))
    return refuse("invalid_request", "The grant must have exactly one of x5c and kid", "MP-011");
  if (!chain) {
    const auto registered = client.keys.find(text_at(assertion.header, "kid"));
    if (registered == client.keys.end() || !is_signed_by(assertion, registered->second.key))
      return bad_grant("Invalid signature", "MP-124");
    if (registered->second.expires && *registered->second.expires <= time_.now())
      return bad_grant("The key is expired", "MP-121");
    return {};
  }
  const auto* list = chain->if_array();
  if (!list) return bad_grant("x5c must be an array", "MP-123");
  const auto der = !list->empty() && list->at(0).is_string() ? from_base64(list->at(0).get_string())
                                                             : std::nullopt;
  const auto leaf = der ? certificate::from_der(*der) : std::nullopt;
  const auto key = leaf ? leaf->key() : std::nullopt;
  if (!key) return bad_grant("Invalid certificate", "MP-120");
  if (!is_signed_by(assertion, *key)) return bad_grant("Invalid signature", "MP-124");
  const auto now = time_.now();
  if (!leaf->valid_at(now) || !(ca_.trusts(*leaf, now) || known_.pinned(*leaf)))
    return bad_grant("Certificate is not accepted", "MP-120");
  // A pinned certificate without a number was registered for exactly one organisation.
  const auto number = leaf->organisation_number();
  const auto* owner = known_.find(client.owner);
  const bool own = owner && owner->certificate && *owner->certificate == *leaf;
  if (number ? *number != client.owner : !own)
    return bad_grant("Certificate does not belong to the owner of the client", "MP-122");
  return {};
}

std::optional<response> maskinporten::refuse_times(const jwt& assertion) {
  const auto issued = number_at(assertion.claims, "iat");
  const auto expires = number_at(assertion.claims, "exp");
  const auto now = epoch_seconds(time_.now());
  if (!issued || !expires) return bad_grant("iat and exp are required");
  if (*expires <= now) return bad_grant("JWT is expired", "MP-130");
  if (*expires - *issued > longest_grant)
    return bad_grant("The lifetime of the grant exceeds 120 seconds");
  if (*issued > now + tolerated_future) return bad_grant("Issue time is after now");
  // Not long enough ago that it would be expired anyway: remembered in order, oldest leave first.
  const auto id = text_at(assertion.claims, "jti");
  if (id.empty()) return {};
  if (!seen_.insert(id).second) return bad_grant("The grant has been used before", "MP-012");
  seen_order_.push_back(id);
  if (seen_order_.size() > max_remembered_grants) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return {};
}

std::optional<response> maskinporten::refuse_delegation(
    const jwt& assertion, const maskinporten_client& client,
    const std::vector<std::string>& scopes) const {
  const auto* given = assertion.claims.if_contains("consumer_org");
  if (!given) return {};
  const auto consumer = text_at(assertion.claims, "consumer_org");
  if (consumer.empty() || consumer == client.owner)
    return refuse(
        "invalid_request",
        "The combination consumer_org in claim and delegation scope on client is invalid");
  for (const auto& scope : scopes)
    if (!client.delegated.contains({consumer, scope}))
      return refuse(
          "access_denied",
          fmt::format("Consumer has not delegated access to the scope {} to supplier", scope),
          "MP-251", 403);
  return {};
}

std::optional<response> maskinporten::add_authorization(const jwt& assertion,
                                                        const maskinporten_client& client,
                                                        json::object& claims) const {
  const auto* given = assertion.claims.if_contains("authorization_details");
  if (!given) return {};
  const auto* list = given->if_array();
  if (!list || list->size() != 1 || !list->at(0).is_object())
    return refuse("invalid_request", "authorization_details must be an array of one object",
                  "MP-303");
  const auto& asked = list->at(0).get_object();
  constexpr std::string_view type = "urn:altinn:systemuser";
  if (text_at(asked, "type") != type)
    return refuse("invalid_request", "Unknown type in authorization_details", "MP-301");
  constexpr std::string_view allowed[]{"type", "systemuser_org", "externalRef"};
  for (const auto& member : asked)
    if (std::ranges::find(allowed, std::string_view(member.key())) == std::end(allowed))
      return refuse(
          "invalid_request",
          fmt::format("Unknown field in authorization_details: {}", std::string_view(member.key())),
          "MP-302");
  const auto organisation = iso6523_at(asked, "systemuser_org");
  if (!organisation)
    return refuse("invalid_request", "Invalid systemuser_org in authorization_details", "MP-303");
  const auto* user =
      known_.find_system_user(client.id, *organisation, text_at(asked, "externalRef"));
  if (!user)
    return refuse("invalid_request",
                  "System user not found for the client, organisation and external reference",
                  "MP-303");
  claims["authorization_details"] = json::array{{{"type", type},
                                                 {"systemuser_org", iso6523(user->organisation)},
                                                 {"systemuser_id", json::array{user->id}},
                                                 {"system_id", user->system_id}}};
  return {};
}

response maskinporten::metadata() const {
  return json_answer(
      200,
      {{"issuer", self_.name},
       {"token_endpoint", self_.name + "token"},
       {"jwks_uri", self_.name + "jwk"},
       {"grant_types_supported", json::array{grant_type}},
       {"token_endpoint_auth_signing_alg_values_supported", json::array{"RS256", "RS384", "RS512"}},
       {"authorization_details_types_supported", json::array{"urn:altinn:systemuser"}}});
}

response maskinporten::key_set() const {
  auto jwk = self_.key.public_jwk();
  jwk["use"] = "sig";
  jwk["alg"] = "RS256";
  jwk["kid"] = self_.key_id();
  return json_answer(200, {{"keys", json::array{std::move(jwk)}}});
}

std::string organisation_of(const json::object& claims, const directory& known) {
  if (const auto* list = array_at(claims, "authorization_details");
      list && !list->empty() && list->at(0).is_object())
    if (auto user = iso6523_at(list->at(0).get_object(), "systemuser_org")) return *user;
  if (auto consumer = iso6523_at(claims, "consumer")) return *consumer;
  const auto* client = known.find_client(text_at(claims, "iss"));
  return client ? client->owner : std::string();
}

}  // namespace kp::sandbox
