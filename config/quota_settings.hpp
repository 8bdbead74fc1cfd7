#pragma once

#include <cstdint>
#include <optional>

namespace kp {

// How much may be used. What is absent is said by the next level: a channel, its organisation's
// file, hub.yaml; said nowhere, there is no limit.
struct quota_limits {
  std::optional<std::uint64_t> requests_per_second;
  std::optional<std::uint64_t> bytes_stored;
  std::optional<std::uint64_t> messages_queued;  // created by clients and not out of the hub yet
  std::optional<std::uint64_t> concurrent_uploads;
  friend bool operator==(const quota_limits&, const quota_limits&) = default;
};

// `quotas` of hub.yaml and of an organisation's file.
struct quota_settings {
  std::optional<bool> dry_run;  // only count and log what would be refused
  quota_limits organisation;    // all channels of an organisation together
  quota_limits channel;         // each channel
  friend bool operator==(const quota_settings&, const quota_settings&) = default;
};

}  // namespace kp
