#include "config/text.hpp"
#include "protocol/dpfio/broker.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "protocol/dpfio/fiks_io.hpp"
#include "protocol/http/http_error.hpp"
#include "tenants/changes.hpp"
#include "tools/probe/services.hpp"

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace kp::probes {

namespace {

namespace asio = http::asio;

constexpr std::string_view part = "DPFIO";
constexpr std::string_view documents_part = "DPFIO dokumentlager";
constexpr std::string_view amqp_part = "DPFIO AMQP";
constexpr std::string_view integration_remedy =
    "Correct services.dpfio.integration_id and integration_password: KS shows the integration, and "
    "whose it is, in Fiks forvaltning.";
constexpr std::size_t most_probed = 64 * 1024;  // of a body, if there should be one
constexpr std::chrono::seconds longest_log_in{30};

// Where the encrypted containers that come to an account can be opened.
http::awaitable<void> compare_key(desk& at, dpfio::fiks_io& fiks, std::string account,
                                  std::string named) {
  const auto key = co_await fiks.key(account);
  if (!key) {
    at.refused(
        named, key.error(), at.hub.national.fiks_io_url,
        "Put the certificate of the key store on the account in Fiks forvaltning; until then "
        "nobody can send to it.");
    co_return;
  }
  const auto ours = [&](const desk::keystore& each) {
    return each->leaf.serial_decimal() == key->serial_decimal();
  };
  if (std::ranges::any_of(at.keys, ours))
    at.good(named, "KS has the account, with the certificate of the key store.");
  else
    at.missing(named, "The account has another certificate than those of the key stores.",
               "Put the certificate of the key store on the account in Fiks forvaltning; what is "
               "encrypted to the other one cannot be read.");
}

http::awaitable<void> ask_account(desk& at, dpfio::fiks_io& fiks,
                                  const tenants::channel_settings& channel, std::string account) {
  const auto named = "DPFIO " + account;
  const auto& url = at.hub.national.fiks_io_url;
  const auto found = co_await fiks.find(account);
  if (!found) {
    const bool unknown = found.error().code == dpfio::dpfio_errc::unknown_account;
    at.refused(named, found.error(), url,
               unknown ? fmt::format("Correct dpfio.accounts of channel {}; Fiks forvaltning shows "
                                     "the accounts there are.",
                                     channel.name.to_string())
                       : std::string(integration_remedy));
    co_return;
  }
  const auto noted = found->note.empty() ? std::string() : " (" + found->note + ")";
  if (channel.sends.contains(service::dpfio) && !found->valid_sender) {
    at.missing(named, "KS does not let the account send" + noted + ".",
               "See in Fiks forvaltning what the account lacks.");
    co_return;
  }
  if (!channel.receives.contains(service::dpfio)) {
    at.good(named, "KS has the account, and lets it send.");
    co_return;
  }
  co_await compare_key(at, fiks, std::move(account), named);
}

// Asks for a document that cannot be there.
http::awaitable<void> ask_documents(desk& at, dpfio::fiks_io& fiks) {
  auto sink = std::make_shared<string_sink>(most_probed);
  auto nothing = at.random->uuid();
  const auto got = co_await fiks.download(std::move(nothing), std::move(sink), most_probed);
  if (got || got.error().code == http::http_errc::refused)
    at.good(documents_part, "Dokumentlager takes the integration.");
  else
    at.refused(documents_part, got.error(), at.hub.national.fiks_io_url,
               std::string(integration_remedy));
}

// How a log-in went; told by a thread of the broker, waited for on the network thread.
struct log_in {
  explicit log_in(asio::io_context& on) : network(on), over(on) {}
  asio::io_context& network;
  asio::steady_timer over;
  std::optional<result<void>> said{};
};

class log_in_listener final : public dpfio::broker_listener {
 public:
  explicit log_in_listener(std::shared_ptr<log_in> to) : to_(std::move(to)) {}
  void opened(std::map<std::string, std::string>) override { tell(result<void>{}); }
  void arrived(dpfio::delivery) override {}  // nothing is consumed
  void closed(error why) override { tell(std::move(why)); }

 private:
  void tell(result<void> said) {
    asio::post(to_->network, [to = to_, said = std::move(said)]() mutable {
      if (!to->said) to->said = std::move(said);
      to->over.cancel();
    });
  }
  std::shared_ptr<log_in> to_;
};

http::awaitable<result<void>> try_log_in(desk& at, dpfio::broker_options options) {
  const auto spools = make_memory_spools(most_probed);
  dpfio::broker_io threads(*spools, {.connecting = 1});
  auto way = std::make_shared<log_in>(at.network);
  way->over.expires_after(longest_log_in);
  const auto connection = threads.open(std::move(options), std::make_shared<log_in_listener>(way));
  boost::system::error_code ignored;  // cancelled: it has been told
  co_await way->over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (way->said) co_return *way->said;
  co_return transient(dpfio::dpfio_errc::broker_lost, "the AMQP broker did not answer in time");
}

// Logs in and consumes from no queue: a delivery that is given back counts as a failed one
// (dpfio.md 6.4).
http::awaitable<void> ask_broker(desk& at, maskinporten::client& tokens, std::string password) {
  const auto& url = at.hub.national.fiks_io_broker_url;
  auto address = dpfio::parse_broker_url(url);
  if (!address) {
    at.missing(amqp_part, address.error().message,
               "Correct national.fiks_io_broker_url in hub.yaml.");
    co_return;
  }
  const auto wanted = dpfio::token_wanted();
  const auto token = co_await tokens.get(wanted);
  if (!token) {
    at.refused(amqp_part, token.error(), at.hub.national.maskinporten_token_url, {});
    co_return;
  }
  dpfio::broker_options options;
  options.at = *std::move(address);
  options.ca_file = at.hub.ca_file;
  options.user = at.who.dpfio.integration_id;
  options.password = fmt::format("{} {}", password, token->value);
  options.name = "kpctl " KP_VERSION;
  const auto done = co_await try_log_in(at, std::move(options));
  if (done)
    at.good(amqp_part, "The broker of FIKS IO lets the integration in.");
  else
    at.refused(amqp_part, done.error(), url, std::string(integration_remedy));
}

}  // namespace

http::awaitable<void> ask_dpfio(desk& at) {
  const auto& settings = at.who.dpfio;
  const auto tokens = at.tokens_of(settings.maskinporten_client_id);
  const std::string named(part);
  const auto wanted = dpfio::token_wanted();
  auto remedy = see_scope(at.client_of(settings.maskinporten_client_id), dpfio::scope);
  const bool let_in = co_await at.has_token(named, *tokens, wanted, std::move(remedy));
  auto password = at.read(part, settings.integration_password);
  if (!let_in || !password) co_return;
  dpfio::fiks_io_settings where;
  where.base_url = at.hub.national.fiks_io_url;
  where.integration_id = settings.integration_id;
  where.integration_password = *password;
  dpfio::fiks_io fiks(at.http, *tokens, at.time, std::move(where));
  for (const auto& channel : at.who.channels) {
    if (channel.external) continue;
    for (const auto& account : channel.addresses.dpfio_accounts)
      co_await ask_account(at, fiks, channel, account);
  }
  co_await ask_documents(at, fiks);
  if (!tenants::receiving_accounts(at.who).empty()) co_await ask_broker(at, *tokens, *password);
  wipe(*password);
}

}  // namespace kp::probes
