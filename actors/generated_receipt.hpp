#pragma once

#include "actors/service_port.hpp"

namespace kp::actors {

// The arkivmelding_kvittering that the hub makes for services that send none, when a message has
// come as far as `comes_with` (messages.md 4.2, dpv.md 8.4): from its receiver to its sender, "OK"
// about the message, in the same conversation, for a day. `about` is the conversation of the
// message. Errors: sbd_errc when the conversation names nobody that can be written.
result<generated_arrival> make_arkivmelding_receipt(const organisation_context&,
                                                    const storage::conversation& about,
                                                    storage::status_name comes_with);

}  // namespace kp::actors
