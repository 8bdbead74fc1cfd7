#include "tools/kpctl/probe.hpp"

#include "config/files.hpp"
#include "config/text.hpp"
#include "protocol/altinn/broker.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/registry/registry.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace kp::ctl {

namespace {

namespace asio = boost::asio;
using state = finding::state;

constexpr std::size_t largest_keystore = 1u << 20;
constexpr std::chrono::days soon{30};
constexpr std::string_view dpo_scope = "eformidling:dpo";
constexpr std::string_view read_scope = "altinn:broker.read";

// Where the clients' errors end and what to do begins.
finding missing(std::string part, const error& why, std::string otherwise) {
  constexpr std::string_view mark = " -- ";
  const auto at = why.message.find(mark);
  if (at == std::string::npos) return {std::move(part), state::missing, why.message, otherwise};
  return {std::move(part), state::missing, why.message.substr(0, at),
          why.message.substr(at + mark.size())};
}

bool is_transport(const error& why) {
  for (const auto code : {http::http_errc::resolve, http::http_errc::connect, http::http_errc::tls,
                          http::http_errc::timeout, http::http_errc::cut})
    if (why.code == make_error_code(code)) return true;
  return false;
}

// Sentences that hold for every national service; `otherwise` when it answered and said no.
std::string remedy_for(const error& why, const std::string& url, std::string otherwise) {
  if (is_transport(why))
    return fmt::format("See that this machine reaches {} (firewall, proxy, name lookup).", url);
  if (why.retryable) return "The service is in trouble; try again later.";
  return otherwise;
}

class prober {
 public:
  prober(const hub_settings& hub, const tenants::organisation& who, const environment& variables,
         http::client& http, asio::thread_pool& workers, probe_report& into)
      : hub_(hub), who_(who), variables_(variables), http_(http), workers_(workers), into_(into) {}

  http::awaitable<void> run() {
    auto keys = open_keys();
    if (!keys) {
      for (const auto* part : {"Maskinporten", "Service Registry", "DPO"})
        say({part, state::not_asked, "The key store is needed for it.", {}});
      co_return;
    }
    const auto own = std::make_shared<const crypto::keystore>(*std::move(keys));
    co_await ask_registry(own);
    if (who_.dpo.enabled)
      co_await ask_dpo(own);
    else
      say({"DPO", state::not_asked, "The organisation's file does not enable it.", {}});
  }

 private:
  void say(finding one) { into_.findings.push_back(std::move(one)); }

  std::optional<crypto::keystore> open_keys() {
    const auto& store = who_.keystore;
    const auto refuse = [&](const error& why,
                            std::string remedy) -> std::optional<crypto::keystore> {
      say({"key store", state::missing, why.message, std::move(remedy)});
      return std::nullopt;
    };
    const auto bytes = read_file(store.path, largest_keystore);
    if (!bytes)
      return refuse(with_context(bytes.error(), "key store"),
                    "Check keystore.path, and who may read the file.");
    auto password = store.password.read(variables_);
    if (!password) return refuse(password.error(), "Set it, also for the user that runs the hub.");
    auto opened = crypto::keystore::open_pkcs12(*bytes, *password, store.alias);
    wipe(*password);
    if (!opened)
      return refuse(opened.error(), fmt::format("Check the file {}, its password ({}) and alias.",
                                                store.path, store.password.describe()));
    const auto& leaf = opened->leaf;
    const auto owner = leaf.organisation();
    const auto now = clock_.now();
    const auto until = format_timestamp(leaf.not_after());
    if (!owner || *owner != who_.id) {
      say({"key store", state::missing,
           fmt::format("The certificate belongs to {}, not to {}.",
                       owner ? "organisation " + owner->to_string() : "no organisation",
                       who_.id.to_string()),
           "Use the organisation's own certificate for authentication (virksomhetssertifikat)."});
      return std::nullopt;
    }
    if (!leaf.valid_at(now)) {
      say({"key store", state::missing,
           fmt::format("The certificate is valid from {} to {}, not now.",
                       format_timestamp(leaf.not_before()), until),
           "Order a new certificate and put it into the key store."});
      return std::nullopt;
    }
    say({"key store", state::good, fmt::format("The certificate is valid until {}.", until),
         leaf.not_after() - now < soon ? "It expires soon; order a new one." : ""});
    return *std::move(opened);
  }

  std::unique_ptr<maskinporten::client> tokens_of(
      const std::string& client_id, const std::shared_ptr<const crypto::keystore>& keys) {
    maskinporten::client_settings settings;
    settings.token_url = hub_.national.maskinporten_token_url;
    settings.audience = hub_.national.maskinporten_audience;
    settings.client_id = client_id;
    return std::make_unique<maskinporten::client>(http_, workers_, clock_, *random_,
                                                  std::move(settings), keys);
  }

  http::awaitable<void> ask_registry(std::shared_ptr<const crypto::keystore> keys) {
    const auto tokens = tokens_of(who_.maskinporten_client_id, keys);
    maskinporten::token_request wanted;
    if (who_.dpo.enabled) wanted.scopes.emplace_back(dpo_scope);
    if (wanted.scopes.empty()) {
      say({"Maskinporten", state::not_asked, "No service is enabled that needs a token.", {}});
      co_return;
    }
    const auto token = co_await tokens->get(wanted);
    if (!token) {
      say(missing("Maskinporten", token.error(),
                  remedy_for(token.error(), hub_.national.maskinporten_token_url,
                             fmt::format("See that the client {} exists at Maskinporten with the "
                                         "scope {}.",
                                         who_.maskinporten_client_id, dpo_scope))));
      say({"Service Registry", state::not_asked, "A token of Maskinporten is needed for it.", {}});
      co_return;
    }
    say({"Maskinporten",
         state::good,
         fmt::format("Client {} gets a token with the scope {}.", who_.maskinporten_client_id,
                     dpo_scope),
         {}});

    const auto& national = hub_.national;
    registry::signing_keys signers(http_, clock_, national.service_registry_key_url);
    registry::client_settings settings;
    settings.base_url = national.service_registry_url;
    settings.key_url = national.service_registry_key_url;
    settings.scopes = wanted.scopes;
    registry::client registry(http_, clock_, *tokens, signers, std::move(settings));
    const auto number = who_.id.to_string();
    registry::lookup own;
    own.identifier = number;
    const auto found = co_await registry.find(own);
    if (!found) {
      say(missing("Service Registry", found.error(),
                  remedy_for(found.error(), national.service_registry_url, not_registered())));
      co_return;
    }
    const auto has = [&](service via) {
      return std::ranges::any_of(found->records,
                                 [&](const auto& record) { return record.via == via; });
    };
    if (who_.dpo.enabled && !has(service::dpo)) {
      say({"Service Registry", state::missing,
           fmt::format("{} is known, but does not receive by DPO.", number), not_registered()});
    } else {
      say({"Service Registry",
           state::good,
           fmt::format("{} is known, with {} records.", number, found->records.size()),
           {}});
    }
    const auto pem = co_await registry.published_certificate(number);
    if (!pem) {
      say(missing("published certificate", pem.error(),
                  remedy_for(pem.error(), national.service_registry_url,
                             "Upload the organisation's certificate for encryption; until then "
                             "nobody can send to it.")));
      co_return;
    }
    const auto published = crypto::certificate::from_pem(*pem);
    if (!published || published->serial_decimal() != keys->leaf.serial_decimal()) {
      say({"published certificate", state::missing,
           "Another certificate than the one in the key store is published.",
           "Upload the certificate of the key store, or use the key store of the published one; "
           "what is encrypted to the other one cannot be read."});
    } else {
      say({"published certificate", state::good, "It is the one in the key store.", {}});
    }
  }

  static std::string not_registered() {
    return "Have the organisation registered for eFormidling with DPO (Digdir's service desk).";
  }

  http::awaitable<void> ask_dpo(std::shared_ptr<const crypto::keystore> keys) {
    const auto client_id = who_.dpo.maskinporten_client_id.value_or(who_.maskinporten_client_id);
    const auto tokens = tokens_of(client_id, keys);
    altinn::token_exchange exchange(http_, clock_, *tokens, hub_.national.altinn_exchange_url);
    std::vector<maskinporten::system_user> users{
        {who_.dpo.system_user_organisation, who_.dpo.system_user_name}};
    for (const auto& other : who_.dpo.reportees) users.push_back({other.organisation, other.name});
    for (const auto& user : users) co_await ask_as(user, *tokens, exchange);
  }

  http::awaitable<void> ask_as(maskinporten::system_user user, maskinporten::client& tokens,
                               altinn::token_exchange& exchange) {
    const auto part = "DPO as " + user.organisation;
    maskinporten::token_request wanted;
    wanted.scopes.emplace_back(read_scope);
    wanted.on_behalf_of = user;
    const auto token = co_await tokens.get(wanted);
    if (!token) {
      say(missing(part, token.error(),
                  remedy_for(token.error(), hub_.national.maskinporten_token_url,
                             fmt::format("See that the client has the scope {}, and that {} has "
                                         "approved the system user {}.",
                                         read_scope, user.organisation, user.name))));
      co_return;
    }
    const auto exchanged = co_await exchange.get(user, std::string(read_scope));
    if (!exchanged) {
      say(missing(part, exchanged.error(),
                  remedy_for(exchanged.error(), hub_.national.altinn_exchange_url,
                             "Altinn does not take the token; see that `environment` in hub.yaml "
                             "is the one of the system user.")));
      co_return;
    }
    const altinn::permit at_once = [](altinn::broker_endpoint) -> http::awaitable<result<void>> {
      co_return result<void>{};
    };
    altinn::broker broker(http_, exchange, user, hub_.national.broker_url, at_once);
    const auto ids = co_await broker.search(hub_.national.broker_resource,
                                            altinn::recipient_status::initialized);
    if (!ids) {
      say(missing(
          part, ids.error(),
          remedy_for(ids.error(), hub_.national.broker_url,
                     fmt::format("See that the system user {} has the right to the resource "
                                 "{} at Altinn, and that {} has approved it.",
                                 user.name, hub_.national.broker_resource, user.organisation))));
      co_return;
    }
    say({part,
         state::good,
         fmt::format("System user {} may use DPO; {} arrivals wait.", user.name, ids->size()),
         {}});
  }

  const hub_settings& hub_;
  const tenants::organisation& who_;
  const environment& variables_;
  http::client& http_;
  asio::thread_pool& workers_;
  probe_report& into_;
  const wall_clock clock_;
  std::shared_ptr<random_source> random_ = make_secure_random();
};

http::awaitable<void> run_and_stop(prober& with, asio::io_context& on) {
  co_await with.run();
  on.stop();  // what is pooled would keep it running
}

std::string_view name_of(state now) {
  switch (now) {
    case state::good:
      return "good";
    case state::missing:
      return "missing";
    case state::not_asked:
      return "not asked";
  }
  return "unknown";
}

}  // namespace

bool probe_report::ready() const {
  return std::ranges::none_of(findings,
                              [](const finding& one) { return one.now == state::missing; });
}

probe_report probe(const hub_settings& hub, const tenants::organisation& who,
                   const environment& variables) {
  probe_report report{who.id.to_string(), who.name, {}};
  asio::io_context here{1};
  asio::thread_pool workers{1};
  http::client_options options;
  options.user_agent = "kpctl/" KP_VERSION;
  auto client = http::client::make(here, workers, options);
  if (!client) {
    report.findings.push_back({"network", state::missing, client.error().message, {}});
    return report;
  }
  {
    prober with(hub, who, variables, **client, workers, report);
    asio::co_spawn(here, run_and_stop(with, here), asio::detached);
    here.run();
  }
  client->reset();
  return report;
}

boost::json::value to_json(const probe_report& report) {
  boost::json::array all;
  for (const auto& one : report.findings) {
    boost::json::object told{{"part", one.part}, {"state", name_of(one.now)}, {"text", one.text}};
    if (!one.remedy.empty()) told["remedy"] = one.remedy;
    all.push_back(std::move(told));
  }
  boost::json::object out{
      {"organisation", report.number}, {"name", report.name}, {"ready", report.ready()}};
  out["findings"] = std::move(all);
  return out;
}

}  // namespace kp::ctl
