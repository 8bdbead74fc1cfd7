#pragma once

#include "actors/channel_arkivmelding.hpp"
#include "actors/channel_defaults.hpp"
#include "protocol/sbd/document.hpp"

// POST /api/messages/out: the checks of rest-api.md 6.2, in its order, in pieces between which the
// actor asks the registry desk.

namespace kp::actors {

// Steps 1 to 3: a well-formed document with a valid header, its sender normalised (4.4 step 1).
judged<sbd::document> read_new_document(std::string_view json, bool multipart, organisation_id own,
                                        time_point now);

// Steps 5 and 6: who is asked about; nullopt when the registry need not be asked, because there is
// no receiver or the type alone decides.
judged<std::optional<registry::lookup>> receiver_lookup(const sbd::document&);

// Step 7: the service that the registry's answer decides.
judged<destination> destination_of(const sbd::document&, const registry::lookup&,
                                   const receiver_answer&);
// The service of a document about which the registry is not asked.
service service_without_lookup(const sbd::document&);

// Step 9: the message id is not taken, by anybody in the organisation.
judged<void> check_id_is_free(const sbd::document&, const channel_place&);

// Steps 11 to 16; an echoed message channel is put in.
judged<void> check_and_route(sbd::document&, service, const channel_place&);

// Step 17: the record of a document that has passed the steps before, not queued yet.
judged<storage::outgoing_message> make_message(const sbd::document&, service, const channel_place&,
                                               std::vector<storage::stored_file> files);
// Its insert, with conversation and OPPRETTET; gives it its row id. `summary` is of an
// arkivmelding.xml that comes with it.
judged<void> add_message(decision& d, storage::outgoing_message&, const sbd::document&,
                         const channel_place&, const std::optional<arkivmelding::summary>& summary);

// Puts a message into the outbox of its service: it will be sent.
judged<void> add_outbox_item(decision& d, const storage::outgoing_message&, const channel_place&);

}  // namespace kp::actors
