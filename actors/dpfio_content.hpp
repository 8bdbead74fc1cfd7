#pragma once

#include "actors/dpfio_letterbox.hpp"

#include <span>

// What becomes of a delivery of KS FIKS IO on its way in (dpfio.md 4.2, 4.3, 6.4). Worker threads
// only.

namespace kp::actors {

// A message for the inbox. `sender`: nine digits, or "" when FIKS IO does not tell. `cms` is its
// encrypted container, nullptr when it has none. What cannot be opened, or is not what its manifest
// says, is kept as it came and cannot be read (dpfio.md 6.4). `missing`: why its content could not
// be had, for good.
std::shared_ptr<fetched> open_dpfio_message(const organisation_context&, const dpfio::received&,
                                            const std::string& sender,
                                            std::shared_ptr<const random_access_source> cms,
                                            std::span<const crypto::keystore> keys,
                                            const std::string& missing = {});

// What a notice of FIKS IO says of a message that was sent from here, as a status of it. nullptr
// when none is known that it is about: then it is a message like others. It fails, to be tried
// again, while the end of sending is not on record.
std::shared_ptr<fetched> open_dpfio_notice(const organisation_context&, const dpfio::received&);

// Forgets notes that nothing can name any more, a bounded number; commits and waits.
result<void> forget_old_notes(const organisation_context&);

}  // namespace kp::actors
