#include "protocol/altinn/broker.hpp"
#include "tools/probe/services.hpp"

#include <fmt/format.h>

namespace kp::probes {

namespace {

constexpr std::string_view read_scope = "altinn:broker.read";

// Searching is what an idle hub does all day: it changes nothing.
http::awaitable<void> ask_as(desk& at, maskinporten::system_user user, maskinporten::client& tokens,
                             altinn::token_exchange& exchange) {
  const auto part = "DPO as " + user.organisation;
  const auto& national = at.hub.national;
  maskinporten::token_request wanted;
  wanted.scopes.emplace_back(read_scope);
  wanted.on_behalf_of = user;
  auto remedy = fmt::format(
      "See that the client has the scope {}, and that {} has approved the system user {}.",
      read_scope, user.organisation, user.name);
  const bool let_in = co_await at.has_token(part, tokens, wanted, std::move(remedy));
  if (!let_in) co_return;
  const std::string scope(read_scope);
  const auto exchanged = co_await exchange.get(user, scope);
  if (!exchanged) {
    at.refused(part, exchanged.error(), national.altinn_exchange_url,
               "Altinn does not take the token; see that `environment` in hub.yaml is the one of "
               "the system user.");
    co_return;
  }
  const altinn::permit at_once = [](altinn::broker_endpoint) -> http::awaitable<result<void>> {
    co_return result<void>{};
  };
  altinn::broker broker(at.http, exchange, user, national.broker_url, at_once);
  const auto ids =
      co_await broker.search(national.broker_resource, altinn::recipient_status::initialized);
  if (!ids) {
    at.refused(part, ids.error(), national.broker_url,
               fmt::format("See that the system user {} has the right to the resource {} at "
                           "Altinn, and that {} has approved it.",
                           user.name, national.broker_resource, user.organisation));
    co_return;
  }
  at.good(part,
          fmt::format("System user {} may use DPO; {} arrivals wait.", user.name, ids->size()));
}

}  // namespace

http::awaitable<void> ask_dpo(desk& at) {
  const auto tokens = at.tokens_of(at.who.dpo.maskinporten_client_id);
  altinn::token_exchange exchange(at.http, at.time, *tokens, at.hub.national.altinn_exchange_url);
  std::vector<maskinporten::system_user> users{
      {at.who.dpo.system_user_organisation, at.who.dpo.system_user_name}};
  for (const auto& other : at.who.dpo.reportees) users.push_back({other.organisation, other.name});
  for (const auto& user : users) co_await ask_as(at, user, *tokens, exchange);
}

}  // namespace kp::probes
