#include "protocol/dpf/rest.hpp"
#include "protocol/dpf/soap.hpp"
#include "protocol/dpf/svarinn.hpp"
#include "tools/probe/services.hpp"

#include <fmt/format.h>

namespace kp::probes {

namespace {

constexpr std::string_view scope = "ks:fiks";

std::unique_ptr<dpf::svarut> by_soap(desk& at, const tenants::svarut_account& account,
                                     std::string password) {
  return dpf::make_soap_svarut(at.http, {at.hub.national.svarut_url + std::string(dpf::soap_path),
                                         account.username, std::move(password)});
}

std::string remedy_of(const tenants::svarut_account& account) {
  if (account.form == tenants::svarut_form::soap)
    return fmt::format(
        "Correct user and password of {} in services.dpf.accounts; KS has them with "
        "the sender in SvarUt.",
        account.username);
  return fmt::format(
      "Correct account_id, integration_id and integration_password in services.dpf.accounts, and "
      "see at KS that the integration {} may send by the account {}.",
      account.integration_id, account.account_id);
}

// Asks which letters have a reference that none has.
http::awaitable<void> ask_sender(desk& at, const tenants::svarut_account& account,
                                 maskinporten::client& tokens) {
  const auto part = "DPF as " + account.organisation;
  const bool rest = account.form == tenants::svarut_form::rest;
  auto password = at.read(part, rest ? account.integration_password : account.password);
  if (!password) co_return;
  std::unique_ptr<dpf::svarut> svarut;
  if (rest) {
    dpf::rest_settings settings;
    settings.base_url = at.hub.national.svarut_url;
    settings.account_id = account.account_id;
    settings.integration_id = account.integration_id;
    settings.integration_password = *std::move(password);
    if (account.organisation != at.who.id.to_string()) settings.consumer = account.organisation;
    maskinporten::token_request wanted;
    wanted.scopes = settings.scopes;
    wanted.consumer_org = settings.consumer;
    auto remedy = see_scope(at.who.maskinporten_client_id, scope);
    if (settings.consumer)
      remedy += fmt::format(" {} must have delegated it to {}.", account.organisation,
                            at.who.id.to_string());
    const bool let_in = co_await at.has_token(part, tokens, wanted, std::move(remedy));
    if (!let_in) co_return;
    svarut = dpf::make_rest_svarut(at.http, tokens, std::move(settings));
  } else {
    svarut = by_soap(at, account, *std::move(password));
  }
  auto reference = at.random->uuid();
  const auto found = co_await svarut->find(std::move(reference));
  if (found)
    at.good(part, fmt::format("SvarUt takes the account by {}.", rest ? "REST" : "SOAP"));
  else
    at.refused(part, found.error(), at.hub.national.svarut_url, remedy_of(account));
}

// The list says what waits; downloads and receipts are other calls.
http::awaitable<void> ask_receiver(desk& at, const tenants::svarinn_system& system) {
  const auto part = "DPF in " + system.name;
  auto password = at.read(part, system.password);
  if (!password) co_return;
  dpf::svarinn_settings settings{at.hub.national.svarut_url + std::string(dpf::svarinn_path),
                                 system.username, *std::move(password)};
  dpf::svarinn svarinn(at.http, std::move(settings));
  const auto found = co_await svarinn.list();
  if (found)
    at.good(part, fmt::format("SvarInn lets it in; {} letters wait.", found->size()));
  else
    at.refused(part, found.error(), at.hub.national.svarut_url,
               fmt::format("Correct username and password of {} in services.dpf.receivers; KS has "
                           "them with the receiver system {} in SvarInn.",
                           system.name, system.username));
}

}  // namespace

http::awaitable<void> ask_dpf(desk& at) {
  const auto tokens = at.tokens_of(std::nullopt);
  for (const auto& account : at.who.dpf.accounts) co_await ask_sender(at, account, *tokens);
  for (const auto& system : at.who.dpf.receivers) co_await ask_receiver(at, system);
}

}  // namespace kp::probes
