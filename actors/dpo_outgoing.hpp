#pragma once

#include "actors/context.hpp"
#include "actors/dpo_transport.hpp"

// How one outbox item becomes a parcel. No actor is needed here.

namespace kp::actors {

// The system users that an organisation sends and polls as, the one of its own first.
std::vector<maskinporten::system_user> system_users(const tenants::organisation&);

// The sender's reference of a file transfer (dpo.md 6.2): the channel to echo for statuses and
// receipts, unless it is the sender's own; a fresh UUID for everything else.
std::string transfer_reference(const sbd::document&, const std::optional<std::string>& own_channel,
                               random_source&);

// The parcel of an item; `message` is its outgoing message, absent for status items. Not retryable:
// no system user for the sender, an SBD that cannot be read.
result<dpo_parcel> make_parcel(const organisation_context&, const storage::outbox_item&,
                               const std::optional<storage::outgoing_message>& message);

}  // namespace kp::actors
