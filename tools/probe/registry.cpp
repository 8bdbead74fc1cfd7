#include "protocol/registry/scopes.hpp"
#include "tools/probe/services.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kp::probes {

namespace {

constexpr std::string_view maskinporten_part = "Maskinporten";
constexpr std::string_view registry_part = "Service Registry";
constexpr std::string_view certificate_part = "published certificate";

std::vector<std::string> wanted_scopes(const tenants::organisation& who) {
  std::vector<std::string> all;
  for (const auto each : all_services)
    if (who.enabled(each))
      for (const auto scope : registry::scopes_of(each)) all.emplace_back(scope);
  return all;
}

std::string not_registered(const desk& at) {
  return at.who.dpo.enabled
             ? "Have the organisation registered for eFormidling with DPO (Digdir's service desk)."
             : "Have the organisation registered for eFormidling (Digdir's service desk).";
}

// One scope that is missing fails the whole token: each is asked for alone, to name those.
http::awaitable<void> name_missing_scopes(desk& at, const std::vector<std::string>& scopes,
                                          error why) {
  bool named = false;
  for (const auto& scope : scopes) {
    if (scopes.size() == 1) break;
    maskinporten::token_request alone;
    alone.scopes.push_back(scope);
    const auto token = co_await at.registry_tokens->get(alone);
    if (token) continue;
    named = true;
    at.refused(maskinporten_part, token.error(), at.hub.national.maskinporten_token_url,
               see_scope(at.who.maskinporten_client_id, scope));
  }
  if (!named)
    at.refused(
        maskinporten_part, why, at.hub.national.maskinporten_token_url,
        see_scope(at.who.maskinporten_client_id, fmt::format("{}", fmt::join(scopes, ", "))));
}

http::awaitable<bool> has_registry_token(desk& at, std::vector<std::string> scopes) {
  at.registry_tokens = at.tokens_of(std::nullopt);
  maskinporten::token_request wanted;
  wanted.scopes = scopes;
  const auto token = co_await at.registry_tokens->get(wanted);
  if (token) {
    at.good(maskinporten_part, fmt::format("Client {} gets a token with the scope{} {}.",
                                           at.who.maskinporten_client_id,
                                           scopes.size() == 1 ? "" : "s", fmt::join(scopes, ", ")));
    co_return true;
  }
  // What is worth a retry is no matter of scopes.
  if (token.error().retryable)
    at.refused(maskinporten_part, token.error(), at.hub.national.maskinporten_token_url, {});
  else
    co_await name_missing_scopes(at, scopes, token.error());
  co_return false;
}

http::awaitable<void> look_up(desk& at) {
  registry::lookup own;
  own.identifier = at.who.id.to_string();
  const auto found = co_await at.registry->find(own);
  if (!found) {
    at.refused(registry_part, found.error(), at.hub.national.service_registry_url,
               not_registered(at));
    co_return;
  }
  const bool has_dpo = std::ranges::find(found->records, service::dpo,
                                         &registry::service_record::via) != found->records.end();
  if (at.who.dpo.enabled && !has_dpo)
    at.missing(registry_part,
               fmt::format("{} is known, but does not receive by DPO.", own.identifier),
               not_registered(at));
  else
    at.good(registry_part,
            fmt::format("{} is known, with {} records.", own.identifier, found->records.size()));
}

// What is sent to the organisation by DPO and DPE is encrypted to it.
http::awaitable<void> compare_certificate(desk& at) {
  auto number = at.who.id.to_string();
  const auto pem = co_await at.registry->published_certificate(std::move(number));
  if (!pem) {
    at.refused(certificate_part, pem.error(), at.hub.national.service_registry_url,
               "Upload the organisation's certificate for encryption; until then nobody can send "
               "to it.");
    co_return;
  }
  const auto published = crypto::certificate::from_pem(*pem);
  if (!published || published->serial_decimal() != at.keys.front()->leaf.serial_decimal())
    at.missing(certificate_part, "Another certificate than the one in the key store is published.",
               "Upload the certificate of the key store, or use the key store of the published "
               "one; what is encrypted to the other one cannot be read.");
  else
    at.good(certificate_part, "It is the one in the key store.");
}

}  // namespace

http::awaitable<void> ask_registry(desk& at) {
  auto scopes = wanted_scopes(at.who);
  if (scopes.empty()) {
    at.not_asked(maskinporten_part,
                 "No service is enabled that the Service Registry must be asked for.");
    co_return;
  }
  const bool let_in = co_await has_registry_token(at, scopes);
  if (!let_in) {
    at.not_asked(registry_part, "A token of Maskinporten is needed for it.");
    co_return;
  }
  const auto& national = at.hub.national;
  registry::client_settings settings;
  settings.base_url = national.service_registry_url;
  settings.key_url = national.service_registry_key_url;
  settings.scopes = std::move(scopes);
  settings.beta = at.who.dph.enabled;
  at.registry = std::make_unique<registry::client>(at.http, at.time, *at.registry_tokens,
                                                   at.signers, std::move(settings));
  co_await look_up(at);
  if (at.who.dpo.enabled || at.who.dpe.enabled) co_await compare_certificate(at);
}

}  // namespace kp::probes
