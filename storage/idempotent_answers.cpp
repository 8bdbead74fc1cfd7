#include "storage/idempotent_answers.hpp"

#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

namespace kp::storage {

template <class R>
  requires std::same_as<std::remove_const_t<R>, idempotent_answer>
void fields(auto& a, R& r) {
  a(r.content, r.message, r.status, r.content_type, r.body, r.expires);
}

namespace {

constexpr std::uint8_t newest_version = 1;

// Two sorts of entries share the record kind.
enum class part : std::uint8_t { answer = 0, expiry = 1 };  // stored: never change one

key_builder of_channel(organisation_id organisation, channel_number channel, part which) {
  return key_builder(organisation, record_kind::idempotent_answer)
      .u32(static_cast<std::uint32_t>(channel))
      .u8(static_cast<std::uint8_t>(which));
}

std::string answer_key(organisation_id organisation, channel_number channel, std::string_view key) {
  return of_channel(organisation, channel, part::answer).text(key).str();
}

std::string expiry_key(organisation_id organisation, channel_number channel, time_point at,
                       std::string_view key) {
  return of_channel(organisation, channel, part::expiry).time(at).text(key).str();
}

}  // namespace

std::string encode(const idempotent_answer& r) {
  return encode_record(newest_version, r);
}

result<idempotent_answer> decode_idempotent_answer(std::string_view bytes) {
  return decode_record<idempotent_answer>(bytes, newest_version, "idempotent answer");
}

idempotent_answers::idempotent_answers(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

result<std::optional<idempotent_answer>> idempotent_answers::find(channel_number channel,
                                                                  std::string_view key) const {
  KP_TRY(const auto bytes, store_.get(answer_key(organisation_, channel, key)));
  if (!bytes) return std::optional<idempotent_answer>{};
  KP_TRY(auto found, decode_idempotent_answer(*bytes));
  return std::optional<idempotent_answer>{std::move(found)};
}

void idempotent_answers::put(batch& b, channel_number channel, std::string_view key,
                             const std::optional<idempotent_answer>& before,
                             const idempotent_answer& after) const {
  auto at = answer_key(organisation_, channel, key);
  if (before) {
    b.require_value(at, encode(*before));
    b.erase(expiry_key(organisation_, channel, before->expires, key));
  } else {
    b.require_absent(at);
  }
  b.put(std::move(at), encode(after));
  b.put(expiry_key(organisation_, channel, after.expires, key), {});
}

result<bool> idempotent_answers::sweep(batch& b, channel_number channel, time_point now,
                                       std::size_t limit) const {
  const auto begin = of_channel(organisation_, channel, part::expiry).str();
  const auto end = of_channel(organisation_, channel, part::expiry)
                       .time(now + std::chrono::microseconds(1))
                       .str();
  KP_TRY(const auto past, read_entries(store_, begin, end, scan_order::ascending, limit));
  for (const auto& each : past) {
    key_reader parts(each.key);
    parts.u32();
    parts.u8();
    parts.time();
    b.require_present(each.key);
    b.erase(each.key);
    b.erase(answer_key(organisation_, channel, parts.rest()));
  }
  return past.size() == limit;
}

}  // namespace kp::storage
