#pragma once

#include "actors/context.hpp"
#include "actors/service_port.hpp"
#include "protocol/crypto/cms.hpp"
#include "protocol/dpf/received.hpp"

#include <span>

namespace kp::actors {

// A downloaded letter as an arrival (dpf.md 9.4 to 9.7): decrypted with one of `keys`, its files
// and the arkivmelding about them in a container signed by `signer`, which is kept as a blob that
// no committed record points to yet. `unusable` when the letter itself is at fault. Blocks: for
// worker threads.
std::shared_ptr<fetched> open_letter(const organisation_context&, const dpf::received&,
                                     const dpf::receiving_rules&,
                                     std::shared_ptr<const random_access_source> cms,
                                     const crypto::keystore& signer,
                                     std::span<const crypto::keystore> keys);

}  // namespace kp::actors
