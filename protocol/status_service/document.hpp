#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

// What is told to the national status service about one status (status-service.md 2).

namespace kp::status_service {

struct document {
  std::string_view status;  // "LEVERT"
  message_id message;
  conversation_id conversation;
  organisation_id organisation =
      organisation_id::from_number(0);  // whose installation it would be: the tenant
  service via = service::unknown;
  std::string process;                  // URN
  std::string document_type;            // URN; left out when empty
  std::string sender;                   // full identifier; nine bare digits get 0192: before them
  std::optional<std::string> receiver;  // full identifier, of an organisation or a person
  time_point at{};
};

// JSON with all fields that the service knows, in a fixed order. Who receives is hashed when it may
// be a person. Beside the documented fields it carries logger_name, by which the service finds the
// place of what comes over RSocket (5.1), and `timestamp`, which is the only time that it reads
// over HTTP (2).
std::string to_json(const document&);

// The identifier as it may leave the hub: one that holds eleven digits in a row is replaced, as a
// whole, by its SHA-256 in lower-case hexadecimal (2).
std::string hide_person(std::string_view identifier);

}  // namespace kp::status_service
