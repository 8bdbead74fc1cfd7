#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What is kept, as values. Encodings carry a version byte (storage/codec.hpp); an encoding of
// version n stays readable for ever, and tests pin its bytes.

namespace kp::storage {

using row_id = std::uint64_t;  // the integers of the API: `id`, `convId`; one sequence per organisation

// Points to an encrypted blob (storage/blobs.hpp).
struct blob_ref {
  std::string id;            // 32 hex digits
  std::uint64_t size = 0;    // plaintext bytes
  std::string sha256;        // of the plaintext, 32 bytes
};

struct stored_file {
  std::string filename;
  std::optional<std::string> title;
  std::string mime_type;
  std::uint32_t number = 0;  // dokumentnummer, 1 upwards in upload order
  bool primary = false;
  blob_ref content;
};

// A message of a client on its way out, from create until it has left the outbox.
struct outgoing_message {
  row_id id = 0;
  message_id message;
  conversation_id conversation;
  channel_number channel{};
  service via = service::unknown;
  std::string type;                  // documentIdentification.type as the client spelled it
  std::string process;
  std::string sender_identifier;     // part or primary
  std::string receiver_identifier;   // primary
  std::string sbd;                   // JSON text; kept apart from the record, for it never changes
  time_point last_updated{};
  time_point expires{};
  bool queued = false;               // POST send has been acknowledged
  std::vector<stored_file> files;
  bool document_inside = false;      // an older record, which holds the SBD itself
};

enum class content_state : std::uint8_t {
  none = 0,        // a message without files
  readable = 1,    // `content` is the plain ASiC-E
  unreadable = 2,  // `content` is what arrived; it could not be opened
};

struct inbound_message {
  row_id id = 0;
  message_id message;
  conversation_id conversation;
  channel_number channel{};
  service via = service::unknown;
  std::string type;
  std::string process;
  std::string sender_identifier;
  std::string receiver_identifier;
  std::string sbd;                   // JSON text as it arrived
  time_point last_updated{};
  std::optional<time_point> expires;
  content_state state = content_state::none;
  std::optional<blob_ref> content;
  std::uint64_t order = 0;           // its place in the inbound queue
};

struct conversation {
  row_id id = 0;
  message_id message;
  conversation_id conversation_ref;
  channel_number channel{};
  kp::direction way = kp::direction::outgoing;
  service via = service::unknown;
  std::string sender, sender_identifier;
  std::optional<std::string> receiver, receiver_identifier;
  std::string process, document_type;
  std::string message_reference, message_title;
  std::optional<std::string> external_system_reference;
  time_point last_update{};
  std::optional<time_point> expires;
  bool finished = false;
  bool pollable = false;
  std::uint32_t statuses = 0;        // bit n set: status name number n has been registered (status_name)
};

// Names of statuses, rest-api.md 12.1. Numbers are stored (as bits and bytes): never change one.
enum class status_name : std::uint8_t {
  opprettet = 0, sendt = 1, mottatt = 2, levert = 3, lest = 4, feil = 5, levetid_utlopt = 6,
  annet = 7, innkommende_mottatt = 8, innkommende_levert = 9,
};
std::string_view to_string(status_name);                        // "OPPRETTET" ...
std::optional<status_name> parse_status_name(std::string_view);  // exact

struct status {
  row_id id = 0;
  row_id conversation_row = 0;
  channel_number channel{};
  message_id message;
  conversation_id conversation_ref;
  status_name name = status_name::opprettet;
  std::optional<std::string> description;
  std::optional<std::string> raw_receipt;
  time_point last_update{};
};

enum class outbox_kind : std::uint8_t {
  message = 1,  // the outgoing_message with the same message id
  status = 2,   // a status message of the hub itself; its SBD is in the item
};

struct outbox_item {
  row_id id = 0;
  service via = service::unknown;
  channel_number channel{};
  message_id message;
  outbox_kind kind = outbox_kind::message;
  std::string sbd;                      // kind status only
  std::uint32_t attempts = 0;           // failed ones
  time_point queued{};
  time_point due{};                     // next attempt, not before
  std::optional<time_point> expires;
  std::string last_error;               // without secrets
};

// What is known of a file at the national service that is being or has been fetched.
enum class transfer_state : std::uint8_t { downloading = 1, stored = 2, confirmed = 3, left_alone = 4 };
struct transfer {
  std::string id;
  transfer_state state = transfer_state::downloading;
  time_point first_seen{};
  std::uint32_t attempts = 0;
  std::string last_error;
  std::string recipient;  // "0192:910077473", whose system user sees it; empty: the first one
};

}  // namespace kp::storage
