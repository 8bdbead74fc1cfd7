#pragma once

#include "actors/context.hpp"

// Keys of message services that are kept from one run to the next (storage/service_keys.hpp),
// sealed under the hub's master key.

namespace kp::actors {

// nullopt when there is none, or it cannot be opened, which the log says.
std::optional<std::string> kept_secret(const organisation_context&, service);
// Keeps it soon; the log says when that fails.
void keep_secret(std::shared_ptr<const organisation_context>, service, std::string secret);

}  // namespace kp::actors
