#pragma once

#include "config/problem.hpp"

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
  source_position where{};
};
struct dpf_settings {
  bool enabled = false;
  source_position where{};
};
struct dpv_settings {
  bool enabled = false;
  source_position where{};
};
struct dpe_settings {
  bool enabled = false;
  source_position where{};
};
struct dpfio_settings {
  bool enabled = false;
  source_position where{};
};
struct dph_settings {
  bool enabled = false;
  source_position where{};
};

// By what the national services tell the channels of an organisation apart, beside message_channel.
struct channel_addresses {
  std::optional<std::string> dpi_channel;  // kanal, dpi.md 3.1
  std::set<std::string> dpfio_accounts;    // UUIDs, dpfio.md 9
  std::set<std::int64_t> her_ids;          // dph.md 14
  friend bool operator==(const channel_addresses&, const channel_addresses&) = default;
};

}  // namespace kp::tenants
