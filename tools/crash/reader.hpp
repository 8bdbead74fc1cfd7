#pragma once

#include "tools/crash/model.hpp"
#include "tools/crash/place.hpp"

#include <stop_token>

namespace kp::crash {

// Takes what arrives in the client's channel, letter by letter, and compares it with what was sent,
// until it is told to stop. Several may read one channel: none may be given what another holds.
void read_letters(client&, model&, std::stop_token);

// The files in a container (asic.zip) without its manifests; nothing when it cannot be read.
std::optional<std::map<std::string, std::string>> files_in(const std::string& container);

}  // namespace kp::crash
