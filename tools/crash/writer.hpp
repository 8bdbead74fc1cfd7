#pragma once

#include "tools/crash/model.hpp"
#include "tools/crash/place.hpp"

namespace kp::crash {

// Carries one letter through as a careful business system would: what was not answered is repeated
// until it is, and an answer that fits neither having been done nor not is a finding.
void write_letter(client&, model&, const std::shared_ptr<letter>&);
// Creates and sends the receipt of a letter that this client has taken.
void write_receipt(client& by, model& all, const std::shared_ptr<letter>& about);

}  // namespace kp::crash
