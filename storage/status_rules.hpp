#pragma once

#include "storage/records.hpp"

// What may be registered on a conversation, and what it does to it (rest-api.md 12.2, 12.3): one
// table of services and statuses, in status_rules.cpp. Statuses are monotone: each at most once,
// none that the message has already passed, none after an end except those that 12 knows.

namespace kp::storage {

// The bit of a status in conversation::statuses.
constexpr std::uint32_t status_bit(status_name name) {
  return 1u << static_cast<std::uint32_t>(name);
}

// Whether the message is, or has been, in an inbox of the channel.
bool arrived(const conversation&);

// Whether `next` may be registered on `c` as it is.
bool may_register(const conversation& c, status_name next);

// Whether a conversation is finished once this has been registered (12.2 rule 4).
bool finishes(status_name);

// Whether `c` is to be polled for statuses once `name` has been registered (12.2 rule 5). SENDT
// over DPI makes pollable, as polling at DPI is configured wherever DPI is used.
bool pollable_after(const conversation& c, status_name name);

}  // namespace kp::storage
