#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "protocol/http/headers.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What is posted to a subscriber (rest-api.md 10.3) and how it is signed.

namespace kp::webhooks {

struct status_event {
  time_point created{};
  message_id message;
  conversation_id conversation;
  direction way = direction::outgoing;
  service via = service::unknown;  // left out when unknown
  std::string_view status;
  std::optional<std::string> description;
};

// JSON, the same bytes for the same event.
std::string ping_body(time_point created);
std::string event_body(const status_event&);

// "t=<unix seconds>,v1=<hex>[,v1=<hex>]": per secret, in the order given, the HMAC-SHA-256 over
// "<unix seconds>.<body>" with the bytes of the secret's text as key.
std::string signature(std::string_view body, time_point at,
                      const std::vector<std::string>& secrets);

// Content-Type, Knutepunkt-Signature, Knutepunkt-Event-Id (the same in every attempt) and
// Knutepunkt-Attempt (1 for the first).
http::headers push_headers(std::string_view body, time_point at,
                           const std::vector<std::string>& secrets, std::string_view event_id,
                           std::uint32_t attempt);

}  // namespace kp::webhooks
