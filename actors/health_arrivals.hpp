#pragma once

#include "actors/arrivals.hpp"

// What arrivals of DPH are beside the common rules (dph.md 5, 7.3, 12, 14).

namespace kp::actors {

// What clients know from today's installations (dph.md 7.2, 7.3).
inline constexpr std::string_view health_receipt_came =
    "Application receipt has been recieved.";  // their spelling
inline constexpr std::string_view health_rejected = "Message has been rejected by the application";

// The channel whose HER-id "her-id:8093" is.
destination health_destination(const organisation_context&, std::string_view her_id);

bool is_health_receipt(service via, std::string_view type);

// What became of an application receipt.
struct health_receipt_told {
  std::optional<channel_number> sender;  // who sent what it is about; absent: nobody here
  bool shown = true;                     // clients are shown receipts
};
// Registers LEVERT or FEIL on what was sent from the HER-id that the receipt is for; and SENDT,
// when that is not on record: the receipt proves that the adapter had accepted it, whatever became
// of its answer. Errors: of the store; dph_errc::invalid_document.
result<health_receipt_told> register_health_receipt(const organisation_context&,
                                                    const sbd::document&, storage::batch&);

// For a dialogmelding that is stored in the same batch: what NHN calls it, so that it can be
// receipted, and the receipt itself when the hub gives it. True when that waits to be sent.
result<bool> remember_health_message(const organisation_context&, const arrival&, channel_number,
                                     storage::batch&);

}  // namespace kp::actors
