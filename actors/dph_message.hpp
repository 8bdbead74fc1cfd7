#pragma once

#include "actors/context.hpp"
#include "actors/service_port.hpp"
#include "protocol/crypto/certificate.hpp"
#include "protocol/dph/adapter.hpp"
#include "protocol/dph/envelope.hpp"
#include "protocol/dph/messages.hpp"

#include <span>

// How an outbox item becomes what the NHN adapter takes, what it gives becomes an arrival, and how
// a message fares. No network and no actor is needed here.

namespace kp::actors {

struct dph_parcel {
  sbd::document document;
  std::int64_t sender = 0;  // HER-id
  std::string receiver;     // her-id:… or fastlege-for:…
  bool is_receipt = false;
  std::vector<storage::stored_file> files;  // the main document first; none with a receipt
};
// Errors, not retryable: an SBD that cannot be read, or whose sender is no HER-id.
result<dph_parcel> make_dph_parcel(const sending&, time_point now);

// That the receipt is about something that came to its sender, in this organisation: the adapter
// does not ask (dph.md 12 D8). Error: dph_errc::foreign_reference.
result<void> check_dph_receipt(const organisation_context&, const dph_parcel&);

// The two parts for the adapter; its main document is checked before. Worker threads only.
struct dph_sealed {
  std::string message;
  std::shared_ptr<spool> package;  // null with a receipt
};
result<dph_sealed> seal_dph_parcel(const organisation_context&, const dph_parcel&,
                                   const crypto::keystore& signer,
                                   const crypto::certificate& adapter);

// What a download is: opened, its signature believed by `trusts`, completed, its content decrypted
// and stored as a blob that no committed record points to yet. What cannot be read, or is for
// another HER-id than `receiver`, is unusable; another type than DPH has is to be discarded, with
// the error dph_errc::refused_content. Worker threads only.
std::shared_ptr<fetched> open_dph_message(const organisation_context&, const waiting& which,
                                          const dph::message_parts& parts,
                                          std::span<const crypto::keystore> keys,
                                          const dph::signer_check& trusts);

// Rejection in transport is the end; the application's rejection only when its receipt, which has
// more to say, has not come for so long (dph.md 7.2, 12 D2).
inline constexpr std::chrono::hours wait_for_receipt{1};
progress dph_progress(const storage::tracked&, const std::vector<dph::transport_status>&,
                      time_point now);

}  // namespace kp::actors
