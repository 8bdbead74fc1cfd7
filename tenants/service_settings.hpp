#pragma once

#include "config/problem.hpp"
#include "config/secret.hpp"
#include "tenants/dpf_settings.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

// What an organisation's file says of the message services beside DPO, and what a channel needs to
// use them. An adapter adds its settings to the struct of its service.

namespace kp::tenants {

struct dpi_settings {
  bool enabled = false;
  std::optional<std::string> supplier;  // nine digits: on behalf of whom we speak to corner 2
  std::optional<std::string> maskinporten_client_id;  // default: the organisation's
  bool sends_own_consumer = false;  // maskinporten.md 2.2: consumer_org also when it is our own
  std::string language{"NO"};       // of titles of printed letters, when the registry knows none
  std::chrono::seconds poll_interval{10};  // between two looks for receipts
  std::chrono::seconds quiet_poll_interval{300};
  source_position where{};
};
struct dpv_settings {
  bool enabled = false;
  source_position where{};
  std::optional<std::string> maskinporten_client_id;  // default that of the organisation
  std::set<std::string> represents;                   // nine digits: whom it also sends for
  std::string sensitive_resource = "eformidling-dpv-taushetsbelagt";
  bool notify_email = true, notify_sms = true;
  std::string email_subject = "Melding mottatt i Altinn";
  std::string notification_text =
      "$correspondenceRecipientName$: Du har mottatt en melding fra $reporterName$.";
  std::string sensitive_notification_text =
      "$correspondenceRecipientName$: Du har mottatt en taushetsbelagt melding fra $reporterName$. "
      "For å få tilgang til meldingen må noen i virksomheten ha tilgang til tjenesten "
      "«eformidling-dpv-taushetsbelagt» i Altinn.";
  bool due_date = true;  // for messages that say nothing
  std::uint32_t days_to_reply = 7;
  std::uint64_t upload_size_limit = 250ull << 20;
  std::chrono::hours default_ttl{24};
  std::chrono::seconds follow_every{60};    // at first; ever more seldom
  std::chrono::hours follow_for{180 * 24};  // how long a letter is asked for
  bool generate_receipts = false;
};
// Which of an organisation's queues it reads (dpe.md 1, 3).
enum class dpe_mode { innsyn, data, meeting };
// How its queues are reached (dpe.md 6, 11).
enum class dpe_transport { rest, amqp };
struct dpe_settings {
  bool enabled = false;
  dpe_mode mode = dpe_mode::innsyn;
  dpe_transport transport = dpe_transport::rest;
  std::optional<std::string> receipt_queue;  // overrides where statuses and receipts go
  std::chrono::seconds poll_interval{20};
  std::chrono::seconds quiet_poll_interval{300};
  source_position where{};
};
struct dpfio_settings {
  bool enabled = false;
  source_position where{};
  std::string integration_id;  // a UUID
  secret integration_password;
  std::optional<std::string> maskinporten_client_id;  // default: the organisation's
  std::string fallback_sender = "999999999";          // nine digits
  bool sender_from_catalogue = true;
  bool passes_ttl = false;  // to FIKS IO, which lets a message end when it has passed
  std::uint64_t upload_size_limit = 2ull << 30;
  std::chrono::hours default_ttl{24};
};
struct dph_settings {
  bool enabled = false;
  std::optional<std::string> maskinporten_client_id;  // default: the organisation's
  bool sends_own_consumer = false;                    // as of dpi_settings
  std::chrono::seconds poll_interval{30};             // between two looks at each HER-id
  std::chrono::seconds quiet_poll_interval{300};
  // The hub receipts what arrives by itself; clients neither see receipts nor send them.
  bool automatic_receipts = false;
  source_position where{};
};

// By what the national services tell the channels of an organisation apart, beside message_channel.
struct channel_addresses {
  std::optional<std::string> dpi_channel;   // kanal, dpi.md 3.1
  std::uint32_t dpi_concurrency = 1;        // how many kanals are made of it, dpi.md 10
  std::set<std::string> dpfio_accounts;     // UUIDs, dpfio.md 9
  std::optional<std::string> dpfio_sender;  // the one of them that it sends from
  std::set<std::int64_t> her_ids;           // dph.md 14
  friend bool operator==(const channel_addresses&, const channel_addresses&) = default;
};

}  // namespace kp::tenants
