#pragma once

#include "config/clock.hpp"
#include "protocol/sbd/document.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

// What clients see when something is refused (rest-api.md 11).

namespace kp::api {

struct problem {
  unsigned status = 500;
  std::optional<std::string> exception;         // fully qualified Java class; absent for 401
  std::string message;
  std::optional<std::string> description;
  std::vector<boost::json::object> errors;      // errors[] elements, 11.3
};

// The application exceptions of 11.4, with their templates filled in. `Name` below is the class after
// no.difi.meldingsutveksling.exceptions.
problem conversation_not_found(std::uint64_t id);
problem message_not_found(std::string_view message_id);
problem identifier_not_found(std::string_view identifier, const std::optional<std::string>& process);
problem duplicate_filename(std::string_view names);
problem file_not_found(std::string_view names);                      // 404
problem invalid_certificate(std::string_view reason);
problem invalid_content_type(std::string_view content_type);
problem letter_type_not_found(std::string_view type, const std::vector<std::string>& valid);
problem max_file_size_exceeded(std::uint64_t total, std::string_view service, std::uint64_t limit);
problem message_already_exists(std::string_view message_id);
problem message_channel_invalid(std::string_view valid, std::string_view given);
problem message_not_locked(std::string_view message_id);
problem message_type_does_not_fit(std::string_view type, std::string_view standard);
problem missing_address(std::string_view what);
problem missing_arkivmelding();
problem missing_arkivmelding_file(std::string_view names);
problem missing_file();
problem missing_file_title(std::string_view service);
problem missing_primary_document();
problem missing_svarut_credentials(std::string_view organisation);
problem multipart_file_too_large(std::string_view name, std::uint64_t limit);
problem receiver_does_not_accept_process(std::string_view process, std::string_view description);
problem receiver_refused(std::string_view why);
problem sender_refused(std::string_view why);
problem service_not_enabled(std::string_view service);
problem time_to_live(std::string_view timestamp);
problem asic_read(std::string_view message_id);
problem sbd_missing_process();
problem sbd_unreadable(const error& from_parse, bool multipart);    // 4.5, answers 400 throughout
problem sbd_invalid(const std::vector<sbd::violation>&, bool multipart);
problem business_message_invalid(std::string_view type, const std::vector<sbd::violation>&);
// Framework-level ones of 11.2.
problem unauthorized();
problem no_resource(std::string_view path);
problem method_not_allowed(std::string_view method);
problem unsupported_media_type(std::string_view content_type);
problem payload_too_large();
problem document_too_large(std::uint64_t limit);                    // of a JSON body, bytes
problem malformed_multipart(std::string_view why);
problem missing_header(std::string_view name);
problem missing_parameter(std::string_view name);                   // also a missing part "sbd"
problem missing_body();
problem bad_path_value(std::string_view parameter, std::string_view value, std::string_view java_type);
problem bad_query_value(std::string_view object, std::string_view field, std::string_view value,
                        std::string_view java_type);
// Several failures of one query object as one answer; `each` is not empty.
problem bad_query_values(std::string_view object, const std::vector<problem>& each);
problem not_acceptable();
problem bad_content_disposition(std::string_view reason);
problem bad_sort_property(std::string_view name);
// The hub's own: it is busy (429 or 503), the store refuses, or a bug.
problem try_later(unsigned status, std::string_view message);
problem internal(std::string_view message);

// {timestamp, exception, message, errors, description, status, error, path}.
boost::json::object to_json(const problem&, std::string_view path, time_point now);
std::string_view reason_phrase(unsigned status);
// 12345 -> "12,345", as Java's MessageFormat shows numbers in English.
std::string grouped(std::uint64_t number);

}  // namespace kp::api
