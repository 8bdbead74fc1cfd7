#pragma once

#include "actors/context.hpp"
#include "actors/service_port.hpp"
#include "protocol/dpe/payload.hpp"
#include "protocol/sbd/document.hpp"

#include <span>

// What becomes of an outbox item of DPE on its way out, and of the body of a message on its way in
// (dpe.md 7, 9, 10).

namespace kp::actors {

struct dpe_parcel {
  sbd::document document;  // what `sbd` says
  std::string sbd;
  std::string sender, receiver;             // as they stand in the SBD, with prefix and part
  std::string receiver_number;              // "910075918", for the Service Registry
  std::vector<storage::stored_file> files;  // primary first, then by number
};
// Errors: of an SBD that cannot be read or names nobody; not retryable.
result<dpe_parcel> make_dpe_parcel(const sending&, time_point now);

// The body for the queue. `recipient` is used only when there are files. Worker threads only.
result<std::shared_ptr<spool>> pack_dpe_parcel(const organisation_context&, const dpe_parcel&,
                                               const crypto::keystore& signer,
                                               const std::optional<crypto::certificate>& recipient);

// What a body from the queue is: parsed, its content decrypted with one of `keys`, verified and
// stored as a blob that no committed record points to yet. What cannot be read is unusable, never
// to be discarded: the broker sets it aside (dpe.md 6.5, 10). Worker threads only.
std::shared_ptr<fetched> open_dpe_payload(const organisation_context&, std::string_view broker_id,
                                          std::shared_ptr<const random_access_source> body,
                                          std::span<const crypto::keystore> keys);

// Whether what could not be opened is no message at all, so that no key will ever open it.
bool is_no_message(const error&);

}  // namespace kp::actors
