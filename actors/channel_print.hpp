#pragma once

#include "actors/channel_decision.hpp"
#include "protocol/registry/registry.hpp"
#include "protocol/sbd/document.hpp"

// Addresses and choices of a letter on paper, type print (messages.md 3 no. 9, 7.1 no. 9).

namespace kp::actors {

// Colour and post type get their defaults. With a receiver, addresses that are missing, and blank
// members of those that are there, come from the registry's record; without, the client must give
// both.
void fill_in_print(sbd::document&, const registry::service_record*);

// Both addresses can be printed on an envelope. MissingAddressInformationException names the first
// that cannot.
judged<void> check_addresses(const sbd::document&);

}  // namespace kp::actors
