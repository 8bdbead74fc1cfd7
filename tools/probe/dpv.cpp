#include "protocol/dpv/correspondence.hpp"
#include "tools/probe/services.hpp"

#include <fmt/format.h>

namespace kp::probes {

namespace {

constexpr std::string_view part = "DPV";

}  // namespace

// Asks for a letter that cannot be there: who may use the proxy of Correspondence hears that there
// is none, and nothing is recorded (dpv.md 2.2, 3.4).
http::awaitable<void> ask_dpv(desk& at) {
  const auto& national = at.hub.national;
  const auto& client_id = at.client_of(at.who.dpv.maskinporten_client_id);
  const auto tokens = at.tokens_of(at.who.dpv.maskinporten_client_id);
  const std::string named(part), scope(dpv::scope);
  maskinporten::token_request wanted;
  wanted.scopes.push_back(scope);
  auto remedy = see_scope(client_id, scope);
  const bool let_in = co_await at.has_token(named, *tokens, wanted, std::move(remedy));
  if (!let_in) co_return;
  altinn::token_exchange exchange(at.http, at.time, *tokens, national.altinn_exchange_url);
  const maskinporten::system_user nobody;
  const auto exchanged = co_await exchange.get(nobody, scope);
  if (!exchanged) {
    at.refused(part, exchanged.error(), national.altinn_exchange_url,
               "Altinn does not take the token; see that `environment` in hub.yaml is the one of "
               "the Maskinporten client.");
    co_return;
  }
  dpv::correspondence letters(at.http, exchange, national.correspondence_url);
  auto nothing = at.random->uuid();
  const auto found = co_await letters.find(std::move(nothing));
  if (found)
    at.good(part, fmt::format("Client {} may send letters by Correspondence.", client_id));
  else
    at.refused(part, found.error(), national.correspondence_url,
               fmt::format("Have Digdir put {} on the access list of DPV.", at.who.id.to_string()));
}

}  // namespace kp::probes
