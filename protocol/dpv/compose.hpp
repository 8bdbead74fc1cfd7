#pragma once

#include "protocol/arkivmelding/arkivmelding.hpp"
#include "protocol/dpv/letter.hpp"
#include "protocol/sbd/document.hpp"

#include <span>

namespace kp::dpv {

// How one organisation uses DPV (dpv.md 9).
struct usage {
  std::string own_number;          // nine digits
  std::string sensitive_resource;  // letters of this resource are confidential
  bool notify_email = true, notify_sms = true;
  std::string notification_text, sensitive_notification_text, email_subject;
  bool due_date = true;  // letters that say nothing have one
  int days_to_reply = 7;
};

struct uploaded_file {
  std::string filename, title;
  std::uint64_t size = 0;
};

// Who a letter of this document is from: the represented organisation, or else the own one (7).
// Errors: sbd_errc::invalid_identifier.
result<std::string> sender_number(const sbd::document&, const usage&);

// What is sent of a document and of its files, which come in the order of their numbers. `summary`
// is that of arkivmelding.xml, for type arkivmelding only. `sender_name` is what the Service
// Registry calls sender_number(). Attachments are those of `files` that are sent, in their order
// (4.2). Errors, all permanent: sbd_errc::malformed_json for another type or one without a
// receiver; config_errc::invalid_value for an empty file, which Altinn refuses.
result<letter> compose(const sbd::document&, std::span<const uploaded_file> files,
                       const std::optional<arkivmelding::summary>& summary, std::string resource,
                       std::string sender_name, const usage&, time_point now);

inline constexpr std::string_view arkivmelding_file = "arkivmelding.xml";

}  // namespace kp::dpv
