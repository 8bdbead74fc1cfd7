#include "protocol/dph/adapter.hpp"
#include "protocol/dph/messages.hpp"
#include "tenants/health_addresses.hpp"
#include "tools/probe/services.hpp"

#include <fmt/format.h>

namespace kp::probes {

namespace {

constexpr std::string_view certificate_part = "DPH certificate";

// dph.md 7.5: who owns it, a token of theirs, and what waits; listing reads nothing.
http::awaitable<void> ask_her_id(desk& at, dph::adapter& adapter, maskinporten::client& tokens,
                                 std::int64_t number) {
  const auto named = fmt::format("DPH {}", dph::her_id(number));
  auto address = dph::her_id(number);
  const auto party = co_await at.registry->find_health_party(std::move(address));
  if (!party) {
    at.refused(named, party.error(), at.hub.national.service_registry_url,
               fmt::format("Correct {} under dph.her_ids; the address register of NHN "
                           "(Adresseregisteret) shows the HER-ids there are.",
                           number));
    co_return;
  }
  const auto& owner = party->organisation;
  maskinporten::token_request wanted;
  wanted.scopes.emplace_back(dph::token_scope);
  wanted.consumer_org = owner;
  const auto& client_id = at.client_of(at.who.dph.maskinporten_client_id);
  auto remedy = see_scope(client_id, dph::token_scope);
  if (owner != at.who.id.to_string())
    remedy = fmt::format("Have {}, who owns the HER-id, delegate the scope {} in Altinn to {}.",
                         owner, dph::token_scope, at.who.id.to_string());
  const bool let_in = co_await at.has_token(named, tokens, wanted, std::move(remedy));
  if (!let_in) co_return;
  const auto found = co_await adapter.list(owner, number);
  if (found)
    at.good(named, fmt::format("It belongs to {}; {} arrivals wait.", owner, found->size()));
  else
    at.refused(named, found.error(), at.hub.national.dph_url,
               fmt::format("Have Digdir open the NHN adapter for HER-id {} of {}.", number, owner));
}

// What is sent to the adapter is sealed to it, and its answers are signed with it.
http::awaitable<void> ask_certificate(desk& at) {
  std::string digdir(dph::adapter_organisation);
  const auto pem = co_await at.registry->published_certificate(std::move(digdir));
  if (!pem) {
    at.refused(certificate_part, pem.error(), at.hub.national.service_registry_url,
               "Tell Digdir that the Service Registry has no certificate for the NHN adapter.");
    co_return;
  }
  const auto certificate = crypto::certificate::from_pem(*pem);
  if (!certificate || !certificate->valid_at(at.time.now()))
    at.missing(certificate_part, "The one that is published for the NHN adapter cannot be used.",
               "Messages wait until Digdir has published another one.");
  else
    at.good(certificate_part, "The Service Registry has that of the NHN adapter.");
}

}  // namespace

http::awaitable<void> ask_dph(desk& at) {
  if (!at.registry) {
    at.not_asked("DPH", "The Service Registry is needed for it.");
    co_return;
  }
  const auto tokens =
      at.tokens_of(at.who.dph.maskinporten_client_id, at.who.dph.sends_own_consumer);
  const auto spools = make_memory_spools(dph::adapter::longest_answer);
  dph::adapter adapter(at.http, at.workers, *tokens, *spools, at.hub.national.dph_url);
  for (const auto& each : tenants::own_her_ids(at.who))
    co_await ask_her_id(at, adapter, *tokens, each.number);
  co_await ask_certificate(at);
}

}  // namespace kp::probes
