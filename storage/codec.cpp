#include "storage/codec.hpp"

#include "storage/record_io.hpp"

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;
constexpr std::uint8_t newest_transfer = 2;  // with the recipient
constexpr std::uint8_t document_apart = 2;   // of outgoing messages: the SBD is no longer in them

template <class R, class T>
concept either = std::same_as<std::remove_const_t<R>, T>;

}  // namespace

// In the order of storage/records.hpp; a field is never moved, taken out or put in between without
// a new version.
void fields(auto& a, either<blob_ref> auto& r) {
  a(r.id, r.size, r.sha256);
}

void fields(auto& a, either<stored_file> auto& r) {
  a(r.filename, r.title, r.mime_type, r.number, r.primary, r.content);
}

void fields(auto& a, either<outgoing_message> auto& r) {
  a(r.id, r.message, r.conversation, r.channel, r.via, r.type, r.process, r.sender_identifier,
    r.receiver_identifier);
  if (a.version() < document_apart) a(r.sbd);
  a(r.last_updated, r.expires, r.queued, r.files);
}

void fields(auto& a, either<inbound_message> auto& r) {
  a(r.id, r.message, r.conversation, r.channel, r.via, r.type, r.process, r.sender_identifier,
    r.receiver_identifier, r.sbd, r.last_updated, r.expires, r.state, r.content, r.order);
}

void fields(auto& a, either<conversation> auto& r) {
  a(r.id, r.message, r.conversation_ref, r.channel, r.way, r.via, r.sender, r.sender_identifier,
    r.receiver, r.receiver_identifier, r.process, r.document_type, r.message_reference,
    r.message_title, r.external_system_reference, r.last_update, r.expires, r.finished, r.pollable,
    r.statuses);
}

void fields(auto& a, either<status> auto& r) {
  a(r.id, r.conversation_row, r.channel, r.message, r.conversation_ref, r.name, r.description,
    r.raw_receipt, r.last_update);
}

void fields(auto& a, either<outbox_item> auto& r) {
  a(r.id, r.via, r.channel, r.message, r.kind, r.sbd, r.attempts, r.queued, r.due, r.expires,
    r.last_error);
}

void fields(auto& a, either<transfer> auto& r) {
  a(r.id, r.state, r.first_seen, r.attempts, r.last_error);
  if (a.version() >= 2) a(r.recipient);
}

std::string encode(const outgoing_message& r) {
  return encode_record(r.document_inside ? newest : document_apart, r);
}
std::string encode(const inbound_message& r) {
  return encode_record(newest, r);
}
std::string encode(const conversation& r) {
  return encode_record(newest, r);
}
std::string encode(const status& r) {
  return encode_record(newest, r);
}
std::string encode(const outbox_item& r) {
  return encode_record(newest, r);
}
std::string encode(const transfer& r) {
  return encode_record(newest_transfer, r);
}

template <>
result<outgoing_message> decode(std::string_view bytes) {
  KP_TRY(auto r, decode_record<outgoing_message>(bytes, document_apart, "outgoing message"));
  r.document_inside = bytes.front() < document_apart;
  return r;
}
template <>
result<inbound_message> decode(std::string_view bytes) {
  return decode_record<inbound_message>(bytes, newest, "inbound message");
}
template <>
result<conversation> decode(std::string_view bytes) {
  return decode_record<conversation>(bytes, newest, "conversation");
}
template <>
result<status> decode(std::string_view bytes) {
  return decode_record<status>(bytes, newest, "status");
}
template <>
result<outbox_item> decode(std::string_view bytes) {
  return decode_record<outbox_item>(bytes, newest, "outbox item");
}
template <>
result<transfer> decode(std::string_view bytes) {
  return decode_record<transfer>(bytes, newest_transfer, "transfer");
}

}  // namespace kp::storage
