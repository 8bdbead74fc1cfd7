#pragma once

#include "actors/channel_decision.hpp"
#include "protocol/registry/registry.hpp"
#include "protocol/sbd/document.hpp"

// What DPH asks of a document beside the common rules (messages.md 3 no. 6, 5.9, 7.1 no. 13).

namespace kp::actors {

// The first message of a conversation names it. A dialogmelding to the GP of a person gets the
// patient that the registry names, whatever the client said.
void fill_in_health(sbd::document&, const registry::service_record*);

// The message is complete, its sender one of the channel's HER-ids, its receiver an NHN identifier.
judged<void> check_health(const sbd::document&, const channel_place&);

// The name that the main document has by convention; under it the document is checked when it
// comes, under another one when it is sent (dph.md 5.1, 5.2).
inline constexpr std::string_view health_filename = "dialogmelding.xml";
// That a main document is a Dialogmelding 1.1. `xml` may be cut behind the longest one. 400
// otherwise; names no value of the document.
judged<void> check_health_document(std::string_view xml);

}  // namespace kp::actors
