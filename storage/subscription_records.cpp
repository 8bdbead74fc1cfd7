#include "storage/record_io.hpp"
#include "storage/subscriptions.hpp"

// The bytes of webhook records (storage/codec.hpp).

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;
// Those that are told of the whole inbox, as all are that version 1 knows, stay at that.
constexpr std::uint8_t newest_subscription = 2;

template <class R, class T>
concept either = std::same_as<std::remove_const_t<R>, T>;

}  // namespace

void fields(auto& a, either<signing_secret> auto& r) {
  a(r.sealed, r.until);
}

void fields(auto& a, either<subscription> auto& r) {
  a(r.id, r.channel, r.name, r.push_endpoint, r.resource, r.event, r.filter, r.secrets);
  if (a.version() >= 2) a(r.inbox_services, r.inbox_processes);
}

void fields(auto& a, either<delivery_progress> auto& r) {
  a(r.sequence, r.paused, r.why_paused);
}

void fields(auto& a, either<webhook_delivery> auto& r) {
  a(r.sequence, r.at, r.message, r.conversation, r.way, r.via, r.name, r.description, r.attempts,
    r.since, r.due, r.last_error);
}

std::string encode(const subscription& r) {
  const bool whole = r.inbox_services.empty() && r.inbox_processes.empty();
  return encode_record(whole ? newest : newest_subscription, r);
}
std::string encode(const delivery_progress& r) {
  return encode_record(newest, r);
}
std::string encode(const webhook_delivery& r) {
  return encode_record(newest, r);
}

template <>
result<subscription> decode(std::string_view bytes) {
  return decode_record<subscription>(bytes, newest_subscription, "subscription");
}
template <>
result<delivery_progress> decode(std::string_view bytes) {
  return decode_record<delivery_progress>(bytes, newest, "webhook progress");
}
template <>
result<webhook_delivery> decode(std::string_view bytes) {
  return decode_record<webhook_delivery>(bytes, newest, "webhook delivery");
}

}  // namespace kp::storage
