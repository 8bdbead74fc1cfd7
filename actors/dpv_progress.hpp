#pragma once

#include "actors/service_port.hpp"
#include "protocol/dpv/answers.hpp"
#include "protocol/dpv/compose.hpp"

namespace kp::actors {

// The organisation's settings, as letters are made by them.
dpv::usage dpv_usage(const tenants::organisation&);

// What Correspondence says of a letter as statuses (dpv.md 8.2): published LEVERT, read LEST,
// purged (nullopt) ANNET; and, where today's installations wait for the lifetime to pass, Failed is
// FEIL at once with Altinn's reason (8.3). With its receipt, where the organisation wants one
// (8.4).
progress dpv_progress(const organisation_context&, const message_id&,
                      const std::optional<dpv::overview>&);

// By what a letter is known again whose upload was not answered (dpv.md 6.3).
struct dpv_traces {
  std::string resource, recipient, sender_number;
};
std::string to_memo(const dpv_traces&);
std::optional<dpv_traces> parse_memo(std::string_view);
// Whether a correspondence is the message's own, and not another sender's with the same key.
bool is_own(const dpv::overview&, const message_id&, const dpv_traces&);

}  // namespace kp::actors
