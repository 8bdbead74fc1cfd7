#pragma once

#include "actors/channel_decision.hpp"
#include "protocol/arkivmelding/arkivmelding.hpp"
#include "protocol/sbd/document.hpp"

// What SvarUt would refuse, told to the client at once (dpf.md 4, 5.5).

namespace kp::actors {

// Of a new message: the security level, and an account to send it from.
judged<void> check_svarut(const sbd::document&, const channel_place&);

// The type that a letter says it has, and whose account it is to be sent from; nullopt without one.
struct asked_letter_type {
  std::string type, sender;
};
std::optional<asked_letter_type> letter_type(const sbd::document&);

// Of a message that is to be sent: a title, and names that SvarUt takes.
judged<void> check_svarut_letter(const arkivmelding::summary&);

}  // namespace kp::actors
