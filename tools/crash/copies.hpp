#pragma once

#include "tools/crash/model.hpp"
#include "tools/crash/place.hpp"

#include <map>
#include <string>

namespace kp::crash {

// How often each service beside DPO has been given each message, by message id. What is there is
// held against the letters: who sent it, the bytes of its files, nothing of others, nothing that
// was not sent.
std::map<std::string, std::size_t> copies_by_message(place&, model&, findings&);

// The letter that the sender of an arrival in SvarInn knows by another id; nothing when there is
// none.
std::shared_ptr<letter> sent_over_svarut(place&, model&, const std::string& id_at_ks);

}  // namespace kp::crash
