#pragma once

#include "config/error.hpp"
#include "protocol/dpf/forsendelse.hpp"

// The XML of ForsendelsesServiceV9, SOAP 1.2 (dpf.md 6). For this folder alone.

namespace kp::dpf {

// Whole envelopes. The data of document i is the attachment content_id(i).
std::string send_envelope(const forsendelse&);
std::string content_id(std::size_t document);  // without < and >
std::string statuses_envelope(const std::vector<std::string>& ids);
std::string find_envelope(const std::string& external_reference);
std::string types_envelope();

// A Fault is an error: http_errc::refused when dpf.md 6.3 lists its text, else unavailable, which
// is worth a retry. What is neither Fault nor the wanted answer is http_errc::bad_answer.
result<std::string> parse_sent_xml(std::string_view envelope);
result<std::vector<delivery_status>> parse_statuses_xml(std::string_view envelope);
result<std::vector<std::string>> parse_texts_xml(std::string_view envelope,
                                                 std::string_view operation);
// The Fault in an envelope, if there is one.
std::optional<error> fault_in(std::string_view envelope);

}  // namespace kp::dpf
