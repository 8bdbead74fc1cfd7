#pragma once

#include "actors/dpf_clients.hpp"
#include "actors/service_port.hpp"

// Sending with SvarUt and asking it how letters fare (dpf.md 4 to 8). Coroutines of the network
// thread.

namespace kp::actors {

// One attempt. A forsendelse that SvarUt has already from an earlier one, whose answer was lost, is
// found by its external reference and not sent again. Receipts are not carried by SvarUt: they are
// SENDT, LEVERT and LEST at once.
http::awaitable<result<sent_item>> send_with_svarut(std::shared_ptr<dpf_clients> on, sending what);

// One question for each account. One account that fails spoils none of the others.
http::awaitable<result<std::vector<progress>>> follow_in_svarut(
    std::shared_ptr<dpf_clients> on, std::vector<storage::tracked> which);

// The receipt that the hub makes for the sender of `c` when it has been read (messages.md 4.2);
// nullopt for what is no arkivmelding.
std::optional<generated_arrival> make_read_receipt(const organisation_context&,
                                                   const storage::conversation& c);

}  // namespace kp::actors
