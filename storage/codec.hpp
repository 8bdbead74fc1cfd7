#pragma once

#include "config/error.hpp"
#include "storage/records.hpp"

#include <string>
#include <string_view>

// Records as bytes; the form is described in storage/record_io.hpp. Every record is at version 1.
//
// Compare-and-set compares encodings: two equal records have equal bytes. Whoever introduces a
// version 2 of a record must have stored records rewritten before the repositories use them.

namespace kp::storage {

std::string encode(const outgoing_message&);
std::string encode(const inbound_message&);
std::string encode(const conversation&);
std::string encode(const status&);
std::string encode(const outbox_item&);
std::string encode(const transfer&);

// Errors: corrupt (truncated, trailing bytes, impossible values), unknown_format (newer version).
template <class Record>
result<Record> decode(std::string_view bytes);
template <>
result<outgoing_message> decode(std::string_view bytes);
template <>
result<inbound_message> decode(std::string_view bytes);
template <>
result<conversation> decode(std::string_view bytes);
template <>
result<status> decode(std::string_view bytes);
template <>
result<outbox_item> decode(std::string_view bytes);
template <>
result<transfer> decode(std::string_view bytes);

}  // namespace kp::storage
