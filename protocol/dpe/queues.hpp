#pragma once

#include "config/error.hpp"
#include "protocol/sbd/document.hpp"

#include <optional>
#include <string>
#include <string_view>

// Which queue is whose (dpe.md 3). There is no routing at the Service Bus: a sender writes into the
// queue that the receiver reads.

namespace kp::dpe {

// The role of an installation, which is the end of the name of its own queue. Written in lower
// case, also where today's installations take other spellings: names of queues know no case.
enum class mode { innsyn, data, meeting };
std::string_view to_string(mode);

// The one queue that an organisation reads; nobody else may.
std::string own_queue(std::string_view organisation_number, mode);

struct queue_rule {
  mode own = mode::innsyn;
  std::optional<std::string>
      receipt_queue;  // overrides the end of the name for statuses and receipts
};
// The queue of the receiver that a document belongs in. `service_code` is the endpointUrl of the
// receiver's record in the Service Registry, which only needs_service_code() documents need.
// Errors: dpe_errc::no_queue when it is blank (retryable: the registry may come to know), the
// errors of parse_identifier, invalid_identifier without a receiver.
result<std::string> receiver_queue(const sbd::document&, const queue_rule&,
                                   std::string_view service_code);
bool needs_service_code(const sbd::document&);

}  // namespace kp::dpe
