#include "tools/import/catalogue.hpp"

#include <array>

namespace kp::importer {

namespace {

using enum fate;

constexpr auto one_listener =
    "The hub has one address for all channels: listener in hub.yaml. Point the business systems "
    "there.";
constexpr auto own_storage = "The hub has a store of its own: storage.path in hub.yaml.";
constexpr auto no_broker = "The hub needs no message broker; its queues are in its store.";
constexpr auto management = "See the admin listener: admin in hub.yaml.";
constexpr auto log = "The hub writes its log as JSON lines: log.level in hub.yaml.";
constexpr auto central_log =
    "The hub sends no log to others; collect its lines with the machine's log service.";
constexpr auto retries =
    "The hub retries with delays of its own until the message's lifetime ends.";
constexpr auto mail =
    "The hub sends no mail. Subscribe to the statuses with a webhook (docs/webhooks.md).";
constexpr auto files = "The hub keeps attachments in its own store, encrypted.";
constexpr auto polling = "The hub polls statuses at a pace of its own.";
constexpr auto one_client =
    "The hub signs for Maskinporten with the organisation's certificate. Register that one with "
    "the client.";
constexpr auto no_vault =
    "Give the hub its secrets as environment variables or files (docs/organisation.md).";
constexpr auto fixed_types =
    "Name process and document type in each message, or ask for "
    "capabilities; the hub has no other defaults than today's.";
constexpr auto oidc_time = "The hub has deadlines of its own for this call.";
constexpr auto registry_check = "The hub always checks the Service Registry's signature.";

constexpr std::array rows{
    known_property{"server.port", hub, one_listener, "9093"},
    known_property{"server.**", hub, one_listener},
    known_property{"difi.ssl.enabled", hub,
                   "TLS is a matter of the whole hub: listener.certificate and listener.key in "
                   "hub.yaml, as PEM.",
                   "true"},
    known_property{"difi.ssl.key-store-type", not_used,
                   "The hub takes PEM files: listener.certificate and listener.key in hub.yaml.",
                   "JKS"},
    known_property{"difi.ssl.**", hub,
                   "The hub has one certificate for TLS, as PEM: listener.certificate and "
                   "listener.key in hub.yaml."},
    known_property{"difi.security.enable", carried, {}, "true"},
    known_property{"difi.security.user.name", carried},
    known_property{"difi.security.user.password", carried},
    known_property{"spring.security.user.name", carried},
    known_property{"spring.security.user.password", carried},
    known_property{"difi.datasource.**", not_used, own_storage},
    known_property{"difi.activemq.**", not_used, no_broker},
    known_property{"spring.config.activate.on-profile", not_used, "It was obeyed."},
    known_property{"spring.profiles.**", hub,
                   "The profile is the environment of the hub: environment in hub.yaml; and "
                   "--environment of this command."},
    known_property{"spring.servlet.multipart.**", not_used,
                   "The size of a message is bounded by upload_size_limit of its service."},
    known_property{"spring.boot.admin.**", not_used, management},
    known_property{"spring.**", not_used, "It is a setting of Spring, which the hub does not use."},
    known_property{"management.endpoints.web.base-path", not_used, management, "/manage"},
    known_property{"management.endpoints.web.exposure.include", not_used, management, "*"},
    known_property{"management.endpoints.web.exposure.exclude", not_used, management, "env"},
    known_property{"management.endpoint.health.show-details", not_used, management, "always"},
    known_property{"management.endpoint.health.probes.enabled", not_used, management, "true"},
    known_property{"management.**", not_used, management},
    known_property{"logging.file.name", not_used, log, "integrasjonspunkt-logs/application.log"},
    known_property{"logging.**", not_used, log},
    known_property{"app.scheduling.enable", missing,
                   "The hub has no such switch; leave the organisation's file out of the folder.",
                   "true"},
    known_property{"app.logger.enableLogstash", not_used, central_log, "true"},
    known_property{"app.logger.secureLogstash", not_used, central_log, "true", "false"},
    known_property{"app.logger.destination", not_used, central_log, "logs.eformidling.no:443",
                   "test-logs.eformidling.no:80"},
    known_property{"app.logger.stdoutAppender", not_used, log, "CONSOLE"},
    known_property{"app.**", not_used, central_log},
    known_property{"use.frontend.faker", not_used, "The hub has no such page."},
    known_property{"vault.**", not_used, no_vault},

    known_property{"difi.move.org.number", carried},
    known_property{"difi.move.org.keystore.alias", carried},
    known_property{"difi.move.org.keystore.password", carried},
    known_property{"difi.move.org.keystore.path", carried},
    known_property{"difi.move.org.keystore.type", carried, {}, "PKCS12"},
    known_property{"difi.move.org.keystore.lockProvider", not_used,
                   "The hub does not use the machine's key provider.", "false"},
    known_property{"difi.move.serviceregistryEndpoint", hub,
                   "It is an address of the hub: national.service_registry_url in hub.yaml.",
                   "https://eformidling.no/adressetjeneste",
                   "https://test.eformidling.no/adressetjeneste"},
    known_property{"difi.move.identifier.synthetic.allow", not_used,
                   "The hub takes what the environment takes.", "false", "true"},
    known_property{"difi.move.oidc.enable", missing,
                   "The hub always signs in at Maskinporten. Remove the property; nothing works "
                   "without today.",
                   "true"},
    known_property{"difi.move.oidc.url", hub,
                   "It is an address of the hub: national.maskinporten_token_url in hub.yaml.",
                   "https://maskinporten.no/token", "https://test.maskinporten.no/token"},
    known_property{"difi.move.oidc.audience", hub,
                   "It is an address of the hub: national.maskinporten_audience in hub.yaml.",
                   "https://maskinporten.no/", "https://test.maskinporten.no/"},
    known_property{"difi.move.oidc.clientIdPrefix", carried, {}, "MOVE_IP_"},
    known_property{"difi.move.oidc.clientId", carried},
    known_property{"difi.move.oidc.keystore.type", missing, one_client, "PKCS12"},
    known_property{"difi.move.oidc.keystore.**", missing, one_client},
    known_property{"difi.move.oidc.authenticationType", missing, one_client, "CERTIFICATE"},
    known_property{"difi.move.oidc.jwk.**", missing, one_client},
    known_property{"difi.move.oidc.connectTimeout", not_used, oidc_time, "5000"},
    known_property{"difi.move.oidc.readTimeout", not_used, oidc_time, "30000"},
    known_property{"difi.move.sign.enable", not_used, registry_check, "true"},
    known_property{"difi.move.sign.jwkUrl", hub,
                   "It is an address of the hub: national.service_registry_key_url in hub.yaml.",
                   "https://eformidling.no/adressetjeneste/jwk",
                   "https://test.eformidling.no/adressetjeneste/jwk"},
    known_property{"difi.move.ntp.host", not_used,
                   "The hub asks no time server; keep the machine's clock right.",
                   "time.google.com"},
    known_property{"difi.move.ntp.disable", not_used,
                   "The hub asks no time server; keep the machine's clock right.", "false"},
    known_property{"difi.move.deadlock.**", not_used, own_storage},
    known_property{"difi.move.webhooks.connectTimeout", hub,
                   "It is a setting of the hub: webhooks.connect_timeout_seconds in hub.yaml.",
                   "10000"},
    known_property{"difi.move.webhooks.readTimeout", hub,
                   "It is a setting of the hub: webhooks.read_timeout_seconds in hub.yaml.",
                   "10000"},
    known_property{"difi.move.queue.maximum-retry-hours", not_used, retries, "100"},
    known_property{"difi.move.queue.concurrency", not_used,
                   "The hub sends as much at a time as the national limits allow.", "10"},
    known_property{"difi.move.queue.**", not_used, no_broker},
    known_property{"difi.move.mail.**", missing, mail},

    known_property{"difi.move.feature.enableDPO", carried, {}, "false"},
    known_property{"difi.move.feature.enableDPV", carried, {}, "false"},
    known_property{"difi.move.feature.enableDPI", carried, {}, "false"},
    known_property{"difi.move.feature.enableDPF", carried, {}, "false"},
    known_property{"difi.move.feature.enableDPE", carried, {}, "true", "false"},
    known_property{"difi.move.feature.enableDPH", carried, {}, "false"},
    known_property{"difi.move.feature.enableDPFIO", carried, {}, "false"},
    known_property{"difi.move.feature.enableReceipts", missing,
                   "The hub always asks for statuses and receipts.",
                   "true"},
    known_property{"difi.move.feature.forwardReceivedAppReceipts", missing,
                   "The hub always passes application receipts on.", "true"},
    known_property{"difi.move.feature.retryOnDeadLock", not_used, own_storage, "true"},
    known_property{"difi.move.feature.cryptoMessagePersister", not_used, files, "true"},
    known_property{"difi.move.feature.mailErrorStatus", missing, mail, "false"},
    known_property{"difi.move.feature.enableDsfPrintLookup", missing, "The hub has no such switch.",
                   "true"},
    known_property{"difi.move.feature.enableBetaFeatures", not_used,
                   "The hub asks for what its services need.", "false", "true"},
    known_property{"difi.move.feature.statusQueueIncludes", carried},
    known_property{"difi.move.feature.statusQueueIncludes[*]", carried},
    known_property{"difi.move.feature.allowDeprecatedTrailingSlash", missing,
                   "The hub has no such switch; remove the slash in the business system.", "false"},
    known_property{"difi.move.feature.enable-auth", carried},
    known_property{"difi.move.feature.enableQueue", not_used, "It has no effect in Java either.",
                   "true"},
    known_property{"difi.move.feature.returnOkOnEmptyPayload", not_used,
                   "It has no effect in Java either.", "false"},
    known_property{"difi.move.feature.dumpDlqMessages", not_used,
                   "It has no effect in Java either.", "false"},

    known_property{"difi.move.nextmove.use-db-persistence", not_used, files, "true"},
    known_property{"difi.move.nextmove.filedir", not_used, files, "messages"},
    known_property{"difi.move.nextmove.blobCacheDir", not_used, files},
    known_property{"difi.move.nextmove.default-ttl-hours", carried, {}, "24"},
    known_property{"difi.move.nextmove.lockTimeoutMinutes", carried, {}, "5"},
    known_property{"difi.move.nextmove.ttlPollingrate", not_used,
                   "The hub watches lifetimes at their ends.", "30000"},
    known_property{"difi.move.nextmove.status-services", missing,
                   "The hub returns statuses to senders by DPO and DPE, as is the default.",
                   "DPO,DPE"},
    known_property{"difi.move.nextmove.status-services[*]", missing,
                   "The hub returns statuses to senders by DPO and DPE, as is the default."},
    known_property{"difi.move.nextmove.status-document-type", missing, fixed_types,
                   "urn:no:difi:eformidling:xsd::status"},
    known_property{"difi.move.nextmove.statusPollingCron", not_used, polling, "0 * * * * *"},
    known_property{"difi.move.nextmove.statusPollingPageSize", not_used, polling, "2000"},
    known_property{"difi.move.nextmove.statusPollingBackoffThresholdDays", not_used, polling, "30"},
    known_property{"difi.move.nextmove.statusPollingBackoffMaxIntervalMinutes", not_used, polling,
                   "60"},
    known_property{"difi.move.nextmove.apply-zip-header-patch", not_used,
                   "The hub writes archives that all known readers take.", "false"},
    known_property{"difi.move.arkivmelding.default-process", missing, fixed_types,
                   "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0"},
    known_property{"difi.move.arkivmelding.dpv-default-process", missing, fixed_types,
                   "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0"},
    known_property{"difi.move.arkivmelding.default-document-type", missing, fixed_types,
                   "urn:no:difi:arkivmelding:xsd::arkivmelding"},
    known_property{"difi.move.arkivmelding.receipt-process", missing, fixed_types,
                   "urn:no:difi:profile:arkivmelding:response:ver1.0"},
    known_property{"difi.move.arkivmelding.receipt-document-type", missing, fixed_types,
                   "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering"},
    known_property{"difi.move.arkivmelding.generate-arkivmelding-receipts", missing,
                   "The hub has no such switch.", "false"},
    known_property{"difi.move.avtalt.receipt-process", missing, fixed_types,
                   "urn:no:difi:profile:avtalt:response:ver1.0"},
    known_property{"difi.move.einnsyn.default-journal-process", missing, fixed_types,
                   "urn:no:difi:profile:einnsyn:journalpost:ver1.0"},
    known_property{"difi.move.einnsyn.default-journal-document-type", missing, fixed_types,
                   "urn:no:difi:einnsyn:xsd::publisering"},
    known_property{"difi.move.einnsyn.default-innsynskrav-process", missing, fixed_types,
                   "urn:no:difi:profile:einnsyn:innsynskrav:ver1.0"},
    known_property{"difi.move.einnsyn.default-innsynskrav-document-type", missing, fixed_types,
                   "urn:no:difi:einnsyn:xsd::innsynskrav"},
    known_property{"difi.move.einnsyn.receipt-process", missing, fixed_types,
                   "urn:no:difi:profile:einnsyn:response:ver1.0"},
};

}  // namespace

std::span<const known_property> platform_properties() {
  return rows;
}

}  // namespace kp::importer
