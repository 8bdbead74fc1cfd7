#pragma once

#include "config/admin_settings.hpp"
#include "config/alert_settings.hpp"
#include "config/problem.hpp"
#include "config/quota_settings.hpp"
#include "config/secret.hpp"
#include "config/status_service_settings.hpp"
#include "config/token_issuer.hpp"
#include "config/webhook_settings.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kp {

// All national addresses of one environment.
struct national_addresses {
  std::string maskinporten_token_url;
  std::string maskinporten_audience;
  std::string altinn_exchange_url;
  std::string broker_url;            // …/broker/api/v1
  std::string broker_resource;       // eformidling-dpo-meldingsutveksling
  std::string service_registry_url;  // …/adressetjeneste
  std::string service_registry_key_url;
  std::string service_bus_url;          // of DPE
  std::string service_bus_key_name;     // its policy
  std::string service_bus_amqp_url;     // the same over AMQP 1.0: amqps://host:5671
  std::string dpi_url;                  // corner 2 of digital post
  std::string print_certificate_url;    // of the contact register, for DPI
  std::string svarut_url;               // KS SvarUt and SvarInn, without a path
  std::string correspondence_url;       // …/correspondence/api/v1, DPV
  std::string fiks_io_url = {};         // KS FIKS IO and Dokumentlager, without a path
  std::string fiks_io_broker_url = {};  // amqps://host:port
  std::string dph_url = {};             // the NHN adapter, …/nhn-adapter/api
  std::string status_service_url = {};  // empty: statuses are not reported
};

// What becomes of an organisation whose file is removed: `park` stops it at once, `drain` sends
// what it has accepted and takes nothing new. Its data stays either way.
enum class removal_policy { park, drain };

enum class environment_preset { production, test, sandbox };

struct listener_settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9093;
  std::string certificate_file, key_file;  // both or none
  std::string client_ca_file;              // asks for client certificates; only with the other two
};

// hub.yaml. Every key is declared once, in hub_settings.cpp, with type, default, range, one
// sentence, whether a change needs a restart and whether it is secret; docs/settings.md is made
// from that.
struct hub_settings {
  environment_preset preset = environment_preset::sandbox;
  national_addresses national;  // the preset's, with single addresses overridden
  listener_settings api;
  admin_settings admin;
  std::size_t metrics_organisations = 200;  // with labels of their own; the rest is "other"
  std::string storage_path;                 // absolute after loading
  std::string tenants_folder;               // absolute after loading
  removal_policy on_removal = removal_policy::park;
  std::chrono::hours drain_for{24};  // at most
  secret master_key;  // 32 bytes as 64 hex digits; default: file <storage>/master.key, made at
                      // first start
  bool master_key_is_default = true;
  std::string ca_file;  // extra trust for outgoing TLS, PEM; empty: the system's
  std::string proxy;
  std::string dpi_authorities_file;  // PEM; whose certificates sign receipts of DPI
  std::vector<token_issuer> token_issuers;
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_address = 1024;
  std::size_t max_requests_in_flight = 1024;                  // 503 beyond
  std::size_t max_requests_in_flight_per_organisation = 256;  // 429 beyond
  std::size_t max_listeners = 1024;                           // 503 beyond
  std::size_t max_listeners_per_channel = 16;                 // 429 beyond
  std::chrono::hours events_keep{72};
  std::size_t io_workers = 2;
  quota_settings quotas;                      // for organisations that say nothing else
  std::size_t broker_search_per_minute = 10;  // per Maskinporten client, dpo.md 3.7
  std::size_t broker_calls_per_minute = 120;  // each other endpoint
  // Each endpoint, of the whole hub: Altinn sees one caller, Digdir's proxy (dpv.md 2.2).
  std::size_t correspondence_calls_per_minute = 1200;
  webhook_settings webhooks;
  status_service_settings status_service;
  std::uint32_t statistics_keep_days = 90;
  alert_settings alerts;
  std::string log_level = "info";
  std::string file;
};

struct loaded_hub {
  std::optional<hub_settings> settings;  // present when there is no problem
  std::vector<problem> problems;
  std::string tenants_folder;  // also when there are problems elsewhere; else empty
};
loaded_hub load_hub(const std::string& path, const environment&);

// The settings reference (Markdown) of hub.yaml, made from the declarations.
std::string describe_hub_settings();

}  // namespace kp
