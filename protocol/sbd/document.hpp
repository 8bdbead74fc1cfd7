#pragma once

#include "config/clock.hpp"
#include "config/error.hpp"
#include "protocol/sbd/identifier.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

// The Standard Business Document (rest-api.md 4, messages.md 1). Parsed leniently as today's
// installations do, written exactly as they write.

namespace kp::sbd {

// A date-time with the text it came as: the offset a client sent is echoed unchanged.
struct date_time {
  std::string text;
  time_point at;
};

struct contact { std::string contact; std::optional<std::string> email_address, fax_number, telephone_number, contact_type_identifier; };

struct partner {
  std::string authority;
  std::string value;
  std::vector<contact> contact_information;
};

struct scope_information {
  std::optional<date_time> expected_response;             // expectedResponseDateTime
  std::optional<date_time> requesting_document_creation;
  std::optional<std::string> requesting_document_instance_identifier;
};

struct scope {
  std::string type;                                        // ConversationId, SenderRef, ...
  std::optional<std::string> instance_identifier;
  std::optional<std::string> identifier;
  std::vector<scope_information> information;
};

struct header {
  std::optional<std::string> header_version;
  std::vector<partner> sender, receiver;
  struct {
    std::optional<std::string> standard, type_version, instance_identifier, type;
    std::optional<bool> multiple_type;
    std::optional<date_time> creation;
  } identification;
  std::optional<boost::json::object> manifest;             // passed through
  bool has_business_scope = false;
  std::vector<scope> scopes;                               // order kept
};

struct document {
  kp::sbd::header header;
  boost::json::object business_message;                    // normalised: known fields typed, unknown ones dropped

  // Derived values (messages.md 1.5); scope types match also by their Java spelling.
  const scope* find_scope(std::string_view type) const;    // "ConversationId", "MessageChannel", ...
  scope* find_scope(std::string_view type);
  std::optional<message_id> message() const;
  std::optional<conversation_id> conversation() const;
  std::optional<std::string> process() const;
  std::optional<time_point> expires() const;
  std::string type() const;                                // as spelled; "" when missing
  std::optional<std::string> message_channel() const;      // identifier of MessageChannel; nullopt when absent or blank
  std::optional<std::string> main_document() const;        // hoveddokument
};

// `now` is for date-times without offset. Errors: see sbd_errc; the message is upstream's text.
result<document> parse(std::string_view json, time_point now);

// Header first, then the member named as header.identification.type; nulls omitted (messages.md 1.2).
boost::json::object to_json(const document&);
std::string to_text(const document&);                      // pretty-printed, "key" : value

bool is_known_type(std::string_view type);                 // case-insensitive
std::string canonical_type(std::string_view type);         // lower case
bool is_receipt_type(std::string_view type);               // *_kvittering
bool needs_file(std::string_view type);                    // messages.md 5, column File

// A violation of the header rules on create (rest-api.md 11.3).
struct violation {
  std::string path;             // below the document: "standardBusinessDocumentHeader.…", [] for elements
  std::string constraint;       // NotNull, Size, Future, UUID, ...
  std::string text;
  std::optional<boost::json::value> rejected;
  std::string java_type;        // for errors[].codes, e.g. java.lang.String
  std::vector<boost::json::value> attributes{};  // of the constraint, by name: Size: max, min
};
std::vector<violation> validate_for_create(const document&, time_point now);
// Of the business message, paths below it. Only a dialogmelding has rules that are enforced
// (messages.md 5.9); of the others nothing is (messages.md 7.1).
std::vector<violation> validate_business_message(const document&);

// The status message the hub answers an arrival with (dpo.md 5.6, messages.md 4.1): sender and
// receiver swapped, same ids, response process of the type, MessageChannel copied. nullopt for types
// that have no response process.
std::optional<document> make_status(const document& arrived, std::string_view status, time_point now,
                                    std::chrono::hours ttl, std::string_view scope_instance);

}  // namespace kp::sbd
