#pragma once

#include "protocol/amqp/amqp_error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What is sent over links, as bytes and as what they mean. Encoding and decoding copies whole
// bodies: for large ones on workers.

namespace kp::amqp {

// A message with one data section. `id` becomes its message-id.
std::string encode(std::string_view body, const std::string& id);

struct content {
  // All data sections, or the one value of another message's body when that is text or binary;
  // otherwise nullopt.
  std::optional<std::string> body;
  std::string id;                                // as text; empty: it has none
  std::optional<std::uint64_t> sequence_number;  // x-opt-sequence-number, of the queue
  std::uint32_t delivery_count = 1;              // with this one
};
// Errors: bad_answer when this is no AMQP message; some of what is none is one without a body.
result<content> decode(std::string_view bytes);

// ---- requests and their answers ("AMQP management", and claims-based security)

struct lock_arguments {
  std::map<std::string, std::string> texts;
  std::vector<std::string> lock_tokens;  // UUIDs
};
struct question {
  std::string operation;
  std::map<std::string, std::string> properties = {};
  std::variant<std::string, lock_arguments> body = {};  // as an AMQP value: text, or a map
};
// Errors: bad_answer for a lock token that is no UUID.
result<std::string> encode(const question&, const std::string& id, const std::string& reply_to);

struct answer {
  std::string id;  // of the question
  int status = 0;  // as in HTTP
  std::string description;
  std::string condition;  // of an error, when there is one
};
// Errors: bad_answer.
result<answer> decode_answer(std::string_view bytes);

// ---- locks

// The delivery tag that a lock token (UUID) of Azure stands in, which has the order of bytes of
// .NET's Guid: the first three fields are little-endian. nullopt for what is no UUID.
std::optional<std::string> tag_of(std::string_view lock_token);
// nullopt for a tag that has not 16 bytes.
std::optional<std::string> lock_token_of(std::string_view tag);

}  // namespace kp::amqp
