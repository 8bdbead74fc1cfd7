#pragma once

#include "actors/channel_decision.hpp"
#include "protocol/sbd/document.hpp"

// The MessageChannel scope of outgoing DPO documents (dpo.md 6.2, 6.4; rules C1 to C5, C10 to C12,
// C25).

namespace kp::actors {

// The channel of the message that this receipt answers, when that came with one. Only an
// arkivmelding_kvittering echoes (dpo.md 6.4).
result<std::optional<std::string>> channel_to_echo(const storage::channel_references&,
                                                   const sbd::document&);

// With a channel of its own, the sender's documents carry it: a missing scope is added, a blank one
// filled. What the client has named is left alone.
void default_message_channel(sbd::document&, const std::optional<std::string>& own,
                             const std::string& new_uuid);

// A sender with a channel of its own may name no other, except the one it echoes.
judged<void> check_message_channel(const sbd::document&, const std::optional<std::string>& own,
                                   const std::optional<std::string>& echoed);

// The echoed channel replaces whatever was there: exactly one scope is left.
void echo_message_channel(sbd::document&, const std::string& echoed, const std::string& new_uuid);

}  // namespace kp::actors
