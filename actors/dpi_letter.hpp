#pragma once

#include "actors/context.hpp"
#include "actors/service_port.hpp"
#include "protocol/dpi/corner2.hpp"
#include "protocol/dpi/manifest.hpp"
#include "protocol/dpi/parcel.hpp"
#include "protocol/dpi/receipt.hpp"
#include "protocol/registry/registry.hpp"

// How a message becomes a shipment of digital post, and what comes back becomes statuses. No
// network and no actor is needed here.

namespace kp::actors {

// A message that is to be sent, as far as it tells by itself.
struct dpi_letter {
  sbd::document document;
  dpi::origin from;
  bool print = false;
  std::optional<registry::lookup> lookup;  // absent: a printed letter without a receiver
  std::optional<std::string> channel;      // kanal as it is sent
  std::vector<dpi::packed_document> documents;
  std::vector<storage::stored_file> files;  // in the order in which they are packed
};
// Not retryable: dpi_errc; sbd_errc.
result<dpi_letter> make_letter(const organisation_context&, const storage::outbox_item&,
                               const storage::outgoing_message&);

// To whom, for whose key, and in which language.
struct dpi_addressee {
  dpi::target to;
  crypto::certificate certificate{std::shared_ptr<X509>()};
  std::string language;
};
// By the registry's answer; of a printed letter only language and contact are taken from it. Error:
// dpi_errc::missing_address.
result<dpi_addressee> address_letter(const organisation_context&, const dpi_letter&,
                                     const std::optional<registry::answer>&);

// The encrypted document package. Blocks; worker threads only.
result<dpi::package> pack_letter(const organisation_context&, const dpi_letter&,
                                 const dpi_addressee&, const crypto::keystore& signer);

// The channels (kanal) that letters of a channel go under, as corner 2 takes them: a dot is sent as
// _ (dpi.md 14 C1, C7). None when none is configured.
std::vector<std::string> wire_channels(const tenants::channel_settings&);
// The one of them for a letter: as many go under each, and every attempt goes under the same.
std::optional<std::string> wire_channel(const tenants::channel_settings&, const message_id& letter);

// What a receipt registers; LEVERT brings the MOTTATT that must be before it (dpi.md 9.2).
std::vector<storage::status_change> statuses_of(const dpi::receipt&, const std::string& jws,
                                                time_point now);
// What corner 2 says of a shipment. It is asked no more once it has been handed over or has failed.
progress progress_of(const message_id&, const std::vector<dpi::transport_status>&, time_point now);

}  // namespace kp::actors
