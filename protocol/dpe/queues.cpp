#include "protocol/dpe/queues.hpp"

#include "config/text.hpp"
#include "protocol/dpe/dpe_error.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

namespace kp::dpe {

namespace {

constexpr std::string_view prefix = "nextbestqueue";

bool is_status(const sbd::document& document) {
  return sbd::canonical_type(document.type()) == "status";
}
bool is_receipt(const sbd::document& document) {
  return sbd::canonical_type(document.type()) == "einnsyn_kvittering";
}

// "innsynskrav" or "publisering": what an einnsyn_kvittering is about.
std::string reference_type(const sbd::document& document) {
  const auto* found = document.business_message.if_contains("referanseType");
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string suffix_of(const sbd::document& document, const queue_rule& rule,
                      std::string_view service_code) {
  const auto& fixed = rule.receipt_queue;
  const bool overridden = fixed && !trim(*fixed).empty();
  if (is_status(document)) {
    if (overridden) return *fixed;
    return rule.own == mode::innsyn ? "data" : "innsyn";
  }
  if (is_receipt(document)) {
    if (overridden) return *fixed;
    return reference_type(document) == "innsynskrav" ? "data" : "innsyn";
  }
  return std::string(trim(service_code));
}

}  // namespace

std::string_view to_string(mode which) {
  switch (which) {
    case mode::innsyn:
      return "innsyn";
    case mode::data:
      return "data";
    case mode::meeting:
      return "meeting";
  }
  return "unknown";
}

std::string own_queue(std::string_view organisation_number, mode which) {
  return fmt::format("{}{}{}", prefix, organisation_number, to_string(which));
}

bool needs_service_code(const sbd::document& document) {
  return !is_status(document) && !is_receipt(document);
}

result<std::string> receiver_queue(const sbd::document& document, const queue_rule& rule,
                                   std::string_view service_code) {
  const auto& receivers = document.header.receiver;
  if (receivers.empty())
    return permanent(sbd::sbd_errc::invalid_identifier, "the SBD names no receiver");
  KP_TRY(const auto receiver,
         sbd::parse_identifier(receivers.front().authority, receivers.front().value));
  const auto suffix = suffix_of(document, rule, service_code);
  if (suffix.empty())
    return transient(dpe_errc::no_queue,
                     fmt::format("No endpointUrl defined for process {}: the Service Registry does "
                                 "not say which queue of {} it belongs in",
                                 document.process().value_or(""), receiver.primary));
  return fmt::format("{}{}{}", prefix, receiver.primary, suffix);
}

}  // namespace kp::dpe
