#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"

namespace kp::actors {

// What upstream says of a message whose time has passed (dpo.md 4.4).
inline constexpr std::string_view lifetime_passed =
    "Levetiden for meldingen er utgått. Må sendes på nytt";

// Whose a file at a national service is, by its sender's reference (dpo.md 6.3, 9 C15 to C19, for
// all channels of the organisation at once): the channel whose message channel it is, letter by
// letter; without a reference, or with one that cannot be a message channel, `receiver`, who holds
// the inbound seat. What is external or unknown is another installation's: leave it alone.
struct destination {
  enum class kind { own_reference, seat, external, unknown };
  kind whose = kind::unknown;
  std::optional<channel_number> channel;
};
destination destination_of(const organisation_context&, service via,
                           const std::optional<std::string>& reference,
                           std::optional<channel_number> receiver);

// What an arrival changes, decided from the store as it is now (dpo.md 5.5 with the hub's
// recommendations, 6.5).
struct arrival_decision {
  storage::batch changes;  // empty when there is nothing to keep
  arrival_fate fate = arrival_fate::stored;
  std::optional<channel_number> channel;  // whose inbox or conversation it concerns
  bool outbox_grew = false;
  bool expiry_grew = false;
};
// Errors: storage errors; sbd_errc::malformed_json (permanent) when ids or a known status are
// missing.
result<arrival_decision> decide_arrival(const organisation_context&, const arrival&);
// The same for what the hub itself has made for the inbox of `arrival::channel`: nothing is
// registered on the message that it is about, and nobody is answered.
result<arrival_decision> decide_generated(const organisation_context&, const arrival&);

}  // namespace kp::actors
