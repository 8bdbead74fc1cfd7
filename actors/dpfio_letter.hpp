#pragma once

#include "actors/service_port.hpp"
#include "protocol/dpfio/fiks_io.hpp"
#include "storage/fiks_notes.hpp"

// What becomes of a message on its way out to KS FIKS IO (dpfio.md 4.1).

namespace kp::actors {

struct dpfio_letter {
  // Its receiver is empty when the account is to be found by organisation.
  dpfio::outgoing what;
  std::string organisation;  // nine digits; used only then
  int security_level = 3;
  message_id message;
  std::vector<storage::stored_file> files;  // in their order
};
// Reads the document, and the note of what it answers. Errors: of an SBD that cannot be read, of a
// receiver that is no account and no organisation, of a channel without an account; of the store.
// Worker threads only.
result<dpfio_letter> make_dpfio_letter(const organisation_context&, const storage::outbox_item&,
                                       const storage::outgoing_message&);

// The encrypted container. Worker threads only.
result<std::shared_ptr<spool>> pack_dpfio_letter(const organisation_context&, const dpfio_letter&,
                                                 const crypto::keystore& signer,
                                                 const crypto::certificate& recipient);

// Remembers the id that FIKS IO gave the message, by which notices and answers name it. Commits,
// and waits; worker threads only.
result<void> note_sent(const organisation_context&, const dpfio_letter&,
                       const std::string& id_at_fiks_io);

}  // namespace kp::actors
