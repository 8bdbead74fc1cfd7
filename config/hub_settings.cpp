#include "config/hub_settings.hpp"

#include "config/admin_declarations.hpp"
#include "config/alert_declarations.hpp"
#include "config/amqp_address.hpp"
#include "config/files.hpp"
#include "config/national_addresses.hpp"
#include "config/quota_declarations.hpp"
#include "config/setting.hpp"
#include "config/setting_list.hpp"
#include "config/status_service_declarations.hpp"
#include "config/text.hpp"
#include "config/webhook_declarations.hpp"

#include <fmt/format.h>

#include <array>
#include <set>
#include <string_view>

namespace kp {

namespace {

const word_kind<removal_policy> removals{
    {{"park", removal_policy::park}, {"drain", removal_policy::drain}}};

constexpr std::size_t most_issuers = 20;

const declarations<token_issuer>& token_issuer_settings();

const word_kind<environment_preset> environments{{{"production", environment_preset::production},
                                                  {"test", environment_preset::test},
                                                  {"sandbox", environment_preset::sandbox}}};

struct national_key {
  const char* key;
  std::string national_addresses::* place;
  bool base;  // paths are added to it
  const char* sentence;
};

constexpr std::array national_urls{
    national_key{"maskinporten_token_url", &national_addresses::maskinporten_token_url, false,
                 "Where Maskinporten gives tokens."},
    national_key{"maskinporten_audience", &national_addresses::maskinporten_audience, false,
                 "The audience of the grants to Maskinporten; its issuer, with the slash."},
    national_key{"altinn_exchange_url", &national_addresses::altinn_exchange_url, false,
                 "Where Altinn exchanges a Maskinporten token for its own."},
    national_key{"broker_url", &national_addresses::broker_url, true, "Altinn Broker."},
    national_key{"service_registry_url", &national_addresses::service_registry_url, true,
                 "The Service Registry (adressetjenesten)."},
    national_key{"service_registry_key_url", &national_addresses::service_registry_key_url, false,
                 "The keys that the Service Registry signs with; follows service_registry_url."},
    national_key{"service_bus_url", &national_addresses::service_bus_url, true,
                 "The Azure Service Bus that carries DPE."},
    national_key{"dpi_url", &national_addresses::dpi_url, true,
                 "The sender's access point of DPI (corner 2)."},
    national_key{"print_certificate_url", &national_addresses::print_certificate_url, false,
                 "Where the contact register tells who prints letters of DPI, and for which key."},
    national_key{"svarut_url", &national_addresses::svarut_url, true,
                 "KS SvarUt and SvarInn, without /api or /tjenester."},
    national_key{"correspondence_url", &national_addresses::correspondence_url, true,
                 "Altinn Correspondence, by the proxy of eFormidling."},
    national_key{"fiks_io_url", &national_addresses::fiks_io_url, true,
                 "KS FIKS IO and its Dokumentlager, without /fiks-io or /dokumentlager."},
    national_key{"dph_url", &national_addresses::dph_url, true,
                 "The NHN adapter that carries DPH."},
};

// amqps://host:port
struct amqp_broker_kind {
  std::string type() const { return "URL"; }
  std::string range() const { return "amqps://host:port or amqp://host:port"; }
  std::string show(const std::string& value) const { return value; }
  std::optional<std::string> read(const yaml_value& value, value_reader& reader) const {
    auto text = text_kind{}.read(value, reader);
    if (!text) return std::nullopt;
    const std::string_view all = *text;
    const auto host = all.substr(std::min(all.size(), all.find("://") + 3));
    const bool begins = all.starts_with("amqps://") || all.starts_with("amqp://");
    if (begins && !host.empty() && host.find_first_of("/@? ") == std::string_view::npos)
      return text;
    reader.refuse(value, fmt::format("{} is no address of an AMQP broker", reader.what),
                  "Write it as amqps://host:port, without user, password or path.");
    return std::nullopt;
  }
};

std::string full_key(const national_key& one) {
  return std::string("national.") + one.key;
}

std::string master_key_fault(std::string_view value) {
  const auto bytes = from_hex(value);
  return bytes && bytes->size() == 32 ? "" : "is not 64 hexadecimal digits (32 bytes)";
}

void declare_national(declarations<hub_settings>& all) {
  for (const auto& one : national_urls)
    all.add(full_key(one), url_kind{one.base},
            [place = one.place](auto& s) -> auto& { return s.national.*place; }, one.sentence,
            {.fallback = "that of the environment"});
  all.add("national.broker_resource", text_kind{},
          [](auto& s) -> auto& { return s.national.broker_resource; },
          "The resource in Altinn's register that DPO transfers belong to.",
          {.fallback = "that of the environment"});
  all.add("national.fiks_io_broker_url", amqp_broker_kind{},
          [](auto& s) -> auto& { return s.national.fiks_io_broker_url; },
          "The AMQP broker that messages of KS FIKS IO come from. It is connected to directly, not "
          "by the proxy.",
          {.fallback = "that of the environment"});
  all.add("national.service_bus_key_name", text_kind{},
          [](auto& s) -> auto& { return s.national.service_bus_key_name; },
          "The name of the shared access policy that the key of the Service Bus belongs to.",
          {.fallback = "that of the environment"});
  all.add(
      "national.service_bus_amqp_url", amqp_url_kind{},
      [](auto& s) -> auto& { return s.national.service_bus_amqp_url; },
      "The same Service Bus over AMQP 1.0, for organisations with services.dpe.transport: amqp.",
      {.fallback = "that of the environment; of another service_bus_url port 5671 of its host"});
}

void declare_limits(declarations<hub_settings>& all) {
  all.add(
      "limits.max_connections", integer_kind{1, 1'000'000},
      [](auto& s) -> auto& { return s.max_connections; },
      "Connections to the REST API at a time; further ones are closed at once.");
  all.add(
      "limits.max_connections_per_address", integer_kind{1, 1'000'000},
      [](auto& s) -> auto& { return s.max_connections_per_address; },
      "Connections from one address at a time; raise it to max_connections behind a proxy.");
  all.add(
      "limits.max_requests_in_flight", integer_kind{1, 1'000'000},
      [](auto& s) -> auto& { return s.max_requests_in_flight; },
      "Requests at a time; more are answered 503.");
  all.add(
      "limits.max_requests_in_flight_per_organisation", integer_kind{1, 1'000'000},
      [](auto& s) -> auto& { return s.max_requests_in_flight_per_organisation; },
      "Requests of one organisation at a time; more are answered 429.");
  all.add(
      "limits.max_listeners", integer_kind{1, 1'000'000},
      [](auto& s) -> auto& { return s.max_listeners; },
      "Event streams and waiting peeks at a time; more are answered 503. Each holds a connection.");
  all.add(
      "limits.max_listeners_per_channel", integer_kind{1, 1'000'000},
      [](auto& s) -> auto& { return s.max_listeners_per_channel; },
      "Event streams and waiting peeks of one channel at a time; more are answered 429.");
  all.add(
      "limits.io_workers", integer_kind{1, 256}, [](auto& s) -> auto& { return s.io_workers; },
      "Threads for files, ciphers and passwords.");
}

declarations<token_issuer> declare_token_issuer() {
  declarations<token_issuer> all{token_issuer{}};
  all.add("name", text_kind{}, [](auto& s) -> auto& { return s.name; },
          "What the credentials of channels call it.", {.required = true});
  all.add("issuer", url_kind{}, [](auto& s) -> auto& { return s.issuer; },
          "The claim `iss` of its tokens, to the letter: https://maskinporten.no/.",
          {.required = true});
  all.add(
      "audience", text_kind{}, [](auto& s) -> auto& { return s.audience; },
      "What the claim `aud` of its tokens must hold, so that tokens for others are refused; with "
      "Maskinporten the `resource` that the client asks for.",
      {.required = true});
  all.add("keys_url", url_kind{}, [](auto& s) -> auto& { return s.keys_url; },
          "Where it publishes its keys (JWKS).", {.fallback = "as its metadata says"});
  all.add(
      "clock_skew_seconds", integer_kind{0, 300}, [](auto& s) -> auto& { return s.clock_skew; },
      "How many seconds its clock and this one may differ.");
  return all;
}

const declarations<token_issuer>& token_issuer_settings() {
  static const auto all = declare_token_issuer();
  return all;
}

declarations<hub_settings> declare_all() {
  declarations<hub_settings> all{hub_settings{}};
  all.add(
      "environment", environments, [](auto& s) -> auto& { return s.preset; },
      "Which national services are used. Certificates of one environment are refused in another.",
      {.required = true});
  declare_national(all);
  all.add(
      "listener.address", ip_address_kind{}, [](auto& s) -> auto& { return s.api.address; },
      "Where the REST API listens.");
  all.add(
      "listener.port", integer_kind{1, 65535}, [](auto& s) -> auto& { return s.api.port; },
      "The TCP port of the REST API.");
  all.add(
      "listener.certificate", path_kind{true},
      [](auto& s) -> auto& { return s.api.certificate_file; },
      "PEM file with the certificate chain of the REST API; together with listener.key. Without "
      "both the API is plain HTTP.");
  all.add(
      "listener.key", path_kind{true}, [](auto& s) -> auto& { return s.api.key_file; },
      "PEM file with the private key to listener.certificate.");
  all.add(
      "listener.client_ca", path_kind{true}, [](auto& s) -> auto& { return s.api.client_ca_file; },
      "PEM file with the certificates that client certificates must chain up to. With it the "
      "listener asks every client for one; who has none may sign in otherwise.");
  all.add(
      "token_issuers",
      list_kind<token_issuer>{&token_issuer_settings, "token issuer", "name", most_issuers},
      [](auto& s) -> auto& { return s.token_issuers; },
      "Whose tokens (JWT) channels may name among their credentials; others are refused.");
  all.add(
      "storage.path", path_kind{}, [](auto& s) -> auto& { return s.storage_path; },
      "The folder that holds everything the hub keeps; made at the first start. Keep it on a local "
      "disk.",
      {.required = true});
  all.add(
      "storage.master_key", secret_kind{&master_key_fault},
      [](auto& s) -> auto& { return s.master_key; },
      "What the keys of all stored files are wrapped with: 64 hexadecimal digits. Without it the "
      "store cannot be read; keep a copy elsewhere.",
      {.secret = true, .fallback = "the file master.key in storage.path, made at the first start"});
  all.add("tenants.folder", path_kind{}, [](auto& s) -> auto& { return s.tenants_folder; },
          "The folder with one YAML file per organisation.", {.fallback = "tenants.d"});
  all.add(
      "tenants.on_removal", removals, [](auto& s) -> auto& { return s.on_removal; },
      "What becomes of an organisation whose file is removed: park stops it at once, drain first "
      "sends what it has accepted. Its data stays either way.");
  all.add(
      "tenants.drain_hours", integer_kind{1, 8760}, [](auto& s) -> auto& { return s.drain_for; },
      "How many hours an organisation drains at most.");
  all.add(
      "upstream.ca_file", path_kind{true}, [](auto& s) -> auto& { return s.ca_file; },
      "PEM file with certificates to trust in outgoing TLS beside the system's.");
  all.add(
      "upstream.dpi_authorities", path_kind{true},
      [](auto& s) -> auto& { return s.dpi_authorities_file; },
      "PEM file with the root and intermediate certificates that those who sign receipts of DPI "
      "must chain up to. Needed when an organisation uses DPI. With it, messages of DPH may also be "
      "signed with another certificate of Digdir than the published one.");
  all.add(
      "upstream.proxy", url_kind{.host_only = true}, [](auto& s) -> auto& { return s.proxy; },
      "Proxy for all outgoing calls.");
  all.add(
      "upstream.broker_search_per_minute", integer_kind{1, 100'000},
      [](auto& s) -> auto& { return s.broker_search_per_minute; },
      "Searches in Altinn Broker per Maskinporten client and minute. Altinn allows 10.");
  all.add(
      "upstream.broker_calls_per_minute", integer_kind{1, 100'000},
      [](auto& s) -> auto& { return s.broker_calls_per_minute; },
      "Calls of each other Broker endpoint per Maskinporten client and minute. Altinn allows 120.");
  all.add(
      "upstream.correspondence_calls_per_minute", integer_kind{1, 100'000},
      [](auto& s) -> auto& { return s.correspondence_calls_per_minute; },
      "Calls of each endpoint of Altinn Correspondence (DPV) per minute, of all organisations "
      "together: there they are one caller. Altinn does not say what it allows; after a 429 all "
      "rest.");
  declare_limits(all);
  declare_quotas(all, [](auto& s) -> auto& { return s.quotas; }, "false", "no limit");
  declare_webhooks(all);
  declare_status_service(all);
  declare_alerts(all);
  declare_admin(all);
  all.add(
      "events.keep_hours", integer_kind{1, 8760}, [](auto& s) -> auto& { return s.events_keep; },
      "How long a channel's events (statuses and arrivals) can be resumed from.");
  all.add(
      "log.level",
      word_kind<std::string>{
          {{"debug", "debug"}, {"info", "info"}, {"warning", "warning"}, {"error", "error"}}},
      [](auto& s) -> auto& { return s.log_level; }, "The least important lines that are logged.");
  return all;
}

const declarations<hub_settings>& all_settings() {
  static const auto all = declare_all();
  return all;
}

// What was written replaces what the environment has.
void fill_national(national_addresses& given, environment_preset preset) {
  const auto usual = addresses_of(preset);
  if (given.service_registry_key_url.empty() && !given.service_registry_url.empty())
    given.service_registry_key_url = given.service_registry_url + "/jwk";
  if (given.service_bus_amqp_url.empty())
    given.service_bus_amqp_url = given.service_bus_url.empty()
                                     ? usual.service_bus_amqp_url
                                     : amqp_url_beside(given.service_bus_url);
  for (const auto& one : national_urls)
    if ((given.*one.place).empty()) given.*one.place = usual.*one.place;
  if (given.broker_resource.empty()) given.broker_resource = usual.broker_resource;
  if (given.service_bus_key_name.empty()) given.service_bus_key_name = usual.service_bus_key_name;
}

void check_issuers(settings_tree& tree, const hub_settings& settings) {
  const auto report = [&](const token_issuer& one, std::string rule, std::string remedy) {
    tree.problems().push_back({one.where, std::move(rule), std::move(remedy)});
  };
  std::set<std::string> names, issuers;
  for (const auto& one : settings.token_issuers) {
    if (!names.insert(one.name).second)
      report(one, fmt::format("there are two token issuers {}", in_quotes(one.name)),
             "Rename one of them.");
    // One token would be good for two names.
    if (!issuers.insert(one.issuer).second)
      report(one, fmt::format("the issuer {} stands twice", in_quotes(one.issuer)), "Remove one.");
    for (const auto& url : {one.issuer, one.keys_url})
      if (!url.empty() && !is_https_or_loopback(url))
        report(one,
               fmt::format("token issuer {} would send its keys unprotected", in_quotes(one.name)),
               "Write https://; http:// is for this machine.");
  }
}

// Rules that concern several settings.
void check_together(settings_tree& tree, const hub_settings& settings) {
  const auto report = [&](std::string_view key, std::string rule, std::string remedy) {
    tree.problems().push_back({tree.where(key), std::move(rule), std::move(remedy)});
  };
  if (tree.has("listener.certificate") != tree.has("listener.key"))
    report(tree.has("listener.key") ? "listener.key" : "listener.certificate",
           "the listener has only one of certificate and key",
           "Give both for HTTPS, or none for plain HTTP.");
  if (tree.has("listener.client_ca") && !tree.has("listener.certificate"))
    report("listener.client_ca", "client certificates need HTTPS, which the listener does not have",
           "Give listener.certificate and listener.key, or remove listener.client_ca.");
  check_issuers(tree, settings);
  if (settings.max_requests_in_flight_per_organisation > settings.max_requests_in_flight)
    report("limits.max_requests_in_flight_per_organisation",
           fmt::format("one organisation may have more requests in flight ({}) than all together "
                       "({})",
                       settings.max_requests_in_flight_per_organisation,
                       settings.max_requests_in_flight),
           "Lower limits.max_requests_in_flight_per_organisation or raise "
           "limits.max_requests_in_flight.");
  if (settings.webhooks.give_up_after >= settings.events_keep)
    report(tree.has("webhooks.give_up_after_hours") ? "webhooks.give_up_after_hours"
                                                    : "events.keep_hours",
           fmt::format("webhooks are tried for {} hours, but events are kept for {} only",
                       settings.webhooks.give_up_after.count(), settings.events_keep.count()),
           "Lower webhooks.give_up_after_hours or raise events.keep_hours.");
  check_admin(tree, settings.admin);
  check_status_service(tree, settings);
  check_alerts(tree, settings);
  if (settings.preset == environment_preset::sandbox) return;
  constexpr auto amqp_key = "national.service_bus_amqp_url";
  if (tree.has(amqp_key) && !is_amqps_or_loopback(settings.national.service_bus_amqp_url))
    report(amqp_key, fmt::format("{} would send tokens and letters unencrypted", amqp_key),
           "Write amqps://; amqp:// is for the environment sandbox and for this machine.");
  for (const auto& one : national_urls) {
    if (tree.has(full_key(one)) && !is_https_or_loopback(settings.national.*one.place))
      report(full_key(one),
             fmt::format("{} would send tokens and letters unencrypted", full_key(one)),
             "Write https://; http:// is for the environment sandbox and for this machine.");
  }
}

}  // namespace

loaded_hub load_hub(const std::string& path, const environment& variables) {
  loaded_hub loaded;
  auto map = read_yaml(path, loaded.problems);
  if (!map) return loaded;
  const auto folder = folder_of(path);
  hub_settings settings;
  settings.tenants_folder = absolute_path(folder, "tenants.d");
  settings_tree tree(std::move(*map), "the file");
  all_settings().read(tree, settings, folder, variables);
  tree.report_unknown_keys();
  settings.master_key_is_default = !tree.has("storage.master_key");
  if (settings.master_key_is_default)
    settings.master_key =
        secret(secret::origin::file, absolute_path(settings.storage_path, "master.key"));
  fill_national(settings.national, settings.preset);
  using targets = webhook_settings::private_targets;
  if (settings.webhooks.to_private == targets::by_environment)
    settings.webhooks.to_private =
        settings.preset == environment_preset::sandbox ? targets::allow : targets::forbid;
  // Where a value was refused, its default would break rules that the person has not broken.
  if (loaded.problems.empty()) check_together(tree, settings);
  settings.file = path;
  loaded.tenants_folder = settings.tenants_folder;
  if (loaded.problems.empty()) loaded.settings = std::move(settings);
  sort_by_position(loaded.problems);
  return loaded;
}

std::string describe_hub_settings() {
  std::string out =
      "# Settings of hub.yaml\n\n"
      "`knutepunkt settings` prints this page from the program. An organisation has its own file:\n"
      "see [organisation.md](organisation.md). `knutepunkt check --config hub.yaml` reads both "
      "and\n"
      "reports everything that is wrong.\n\n"
      "A dot in a key is a level of YAML: `listener.port` is the key `port` below `listener`.\n"
      "Unknown keys, keys that stand twice, anchors and aliases are errors. A secret is a map "
      "with\n"
      "one of `env: NAME` (environment variable), `file: PATH` and `clear: VALUE`; the last only\n"
      "together with `allow_clear: true`.\n\n";
  out += describe(all_settings().texts());
  out += "\n## Each of token_issuers\n\n" + describe(token_issuer_settings().texts());
  out += "\n## Each of alerts.webhooks\n\n" + describe(alert_webhook_settings().texts());
  out += "\n## Each of the admin credentials\n\n" + describe(admin_credential_settings().texts());
  out +=
      "\n## Addresses of the environments\n\n"
      "| Key | production | test | sandbox |\n"
      "|---|---|---|---|\n";
  const auto production = addresses_of(environment_preset::production);
  const auto test = addresses_of(environment_preset::test);
  const auto sandbox = addresses_of(environment_preset::sandbox);
  const auto row = [&](const std::string& key, std::string national_addresses::* place) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", key, production.*place, test.*place,
                       sandbox.*place);
  };
  for (const auto& one : national_urls) row(full_key(one), one.place);
  row("national.broker_resource", &national_addresses::broker_resource);
  row("national.service_bus_key_name", &national_addresses::service_bus_key_name);
  row("national.service_bus_amqp_url", &national_addresses::service_bus_amqp_url);
  return out;
}

}  // namespace kp
