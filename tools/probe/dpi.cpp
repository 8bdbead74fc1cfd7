#include "config/files.hpp"
#include "protocol/crypto/business_certificate.hpp"
#include "protocol/dpi/corner2.hpp"
#include "protocol/dpi/document.hpp"
#include "protocol/dpi/print_certificate.hpp"
#include "tools/probe/services.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::probes {

namespace {

constexpr std::string_view part = "DPI";
constexpr std::string_view sender_part = "DPI sender";
constexpr std::string_view print_part = "DPI print certificate";
constexpr std::string_view authorities_part = "DPI authorities";
constexpr std::size_t longest_authorities = 1024 * 1024;

http::awaitable<bool> may_talk(desk& at, maskinporten::client& tokens) {
  const std::string named(part);
  maskinporten::token_request wanted;
  wanted.scopes.emplace_back(dpi::token_scope);
  auto remedy = see_scope(at.client_of(at.who.dpi.maskinporten_client_id), dpi::token_scope);
  co_return co_await at.has_token(named, tokens, wanted, std::move(remedy));
}

// Letters carry a token that names their sender (dpi.md 2).
http::awaitable<void> ask_sender(desk& at, maskinporten::client& tokens) {
  const std::string named(sender_part);
  maskinporten::token_request wanted;
  wanted.scopes.emplace_back(dpi::token_scope);
  wanted.consumer_org = at.who.id.to_string();
  auto remedy = fmt::format(
      "Have {} delegate the scope {} in Altinn to the owner of the client {}.",
      at.who.id.to_string(), dpi::token_scope, at.client_of(at.who.dpi.maskinporten_client_id));
  const bool let_in = co_await at.has_token(named, tokens, wanted, std::move(remedy));
  if (let_in) at.good(sender_part, fmt::format("It may send for {}.", at.who.id.to_string()));
}

// Lists at most one unread receipt of a channel; receipts are read by another call.
http::awaitable<void> ask_channel(desk& at, dpi::corner2& corner2,
                                  const tenants::channel_settings& channel) {
  dpi::inbox_page page;
  page.size = 1;
  page.channel = channel.addresses.dpi_channel;
  if (page.channel) std::ranges::replace(*page.channel, '.', '_');
  const auto named = fmt::format("DPI {}", channel.name.to_string());
  const auto found = co_await corner2.inbox(page);
  if (found)
    at.good(named, fmt::format("The access point lists its receipts; {}.",
                               found->empty() ? "none waits" : "some wait"));
  else
    at.refused(
        named, found.error(), at.hub.national.dpi_url,
        fmt::format("Have the provider of the access point at {} open an account for {}.",
                    at.hub.national.dpi_url, at.who.dpi.supplier.value_or(at.who.id.to_string())));
}

http::awaitable<void> ask_print_certificate(desk& at) {
  const auto& url = at.hub.national.print_certificate_url;
  dpi::print_certificates printers(at.http, at.time, url);
  const auto found = co_await printers.get();
  if (!found)
    at.refused(print_part, found.error(), url,
               "Without it no letter can be printed; correct national.print_certificate_url in "
               "hub.yaml.");
  else if (!found->certificate.valid_at(at.time.now()))
    at.missing(print_part, "The contact register gives one that is not valid now.",
               "Letters to be printed wait until Digdir has replaced it.");
  else
    at.good(print_part, fmt::format("Letters on paper go to {}.", found->organisation));
}

// Whose receipts are believed.
void check_authorities(desk& at) {
  const auto& file = at.hub.dpi_authorities_file;
  constexpr std::string_view remedy =
      "Give the PEM file with the authorities of business certificates as upstream.dpi_authorities "
      "in hub.yaml; without it no receipt is believed.";
  if (file.empty())
    return at.missing(authorities_part, "upstream.dpi_authorities is not given.",
                      std::string(remedy));
  const auto pem = read_file(file, longest_authorities);
  if (!pem) return at.missing(authorities_part, pem.error().message, std::string(remedy));
  const auto judge = crypto::certificate_judge::from_pem(*pem, crypto::production_policies());
  if (!judge)
    return at.missing(authorities_part, with_context(judge.error(), file).message,
                      std::string(remedy));
  at.good(authorities_part, "Receipts are believed by " + file + ".");
}

}  // namespace

http::awaitable<void> ask_dpi(desk& at) {
  const auto tokens =
      at.tokens_of(at.who.dpi.maskinporten_client_id, at.who.dpi.sends_own_consumer);
  const bool let_in = co_await may_talk(at, *tokens);
  if (let_in) {
    co_await ask_sender(at, *tokens);
    dpi::corner2 corner2(at.http, *tokens, at.hub.national.dpi_url);
    for (const auto& channel : at.who.channels)
      if (channel.sends.contains(service::dpi) && !channel.external)
        co_await ask_channel(at, corner2, channel);
  }
  co_await ask_print_certificate(at);
  check_authorities(at);
}

}  // namespace kp::probes
