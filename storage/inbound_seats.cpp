#include "storage/inbound_seats.hpp"

#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

#include <charconv>

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;

std::string owner_of(channel_number channel) {
  return std::to_string(static_cast<std::uint32_t>(channel));
}

result<channel_number> channel_of(const lease& held) {
  std::uint32_t number = 0;
  const auto* end = held.owner.data() + held.owner.size();
  const auto [stopped, failed] = std::from_chars(held.owner.data(), end, number);
  if (failed != std::errc() || stopped != end)
    return permanent(storage_errc::corrupt, "the holder of an inbound seat cannot be read");
  return channel_number{number};
}

}  // namespace

template <class Archive, class Choice>
  requires std::same_as<std::remove_const_t<Choice>, seat_choice>
void fields(Archive& a, Choice& c) {
  a(c.channel, c.configured, c.at, c.by);
}

std::string encode(const seat_choice& c) {
  return encode_record(newest, c);
}

result<seat_choice> decode_seat_choice(std::string_view bytes) {
  return decode_record<seat_choice>(bytes, newest, "choice of a seat");
}

inbound_seats::inbound_seats(const engine& store, organisation_id organisation, service via)
    : store_(store), organisation_(organisation), via_(via) {}

std::string inbound_seats::key() const {
  return key_builder(organisation_, record_kind::inbound_seat)
      .u8(static_cast<std::uint8_t>(via_))
      .str();
}

std::string inbound_seats::choice_key() const {
  return key_builder(organisation_, record_kind::seat_choice)
      .u8(static_cast<std::uint8_t>(via_))
      .str();
}

std::string inbound_seats::follower_key(channel_number channel) const {
  return key_builder(organisation_, record_kind::seat_followers)
      .u8(static_cast<std::uint8_t>(via_))
      .u32(static_cast<std::uint32_t>(channel))
      .str();
}

result<std::optional<inbound_seats::holder>> inbound_seats::find() const {
  KP_TRY(auto held, read_lease(store_, key()));
  if (!held || held->owner.empty()) return std::optional<holder>{};
  KP_TRY(const auto channel, channel_of(*held));
  return std::optional<holder>{holder{channel, *std::move(held)}};
}

inbound_seats::holder inbound_seats::give(batch& b, const std::optional<holder>& before,
                                          channel_number to, time_point now) const {
  const lease next{owner_of(to), now + life, before ? before->held.fence + 1 : 1};
  auto at = key();
  if (before)
    b.require_value(at, encode(before->held));
  else
    b.require_absent(at);
  b.put(std::move(at), encode(next));
  return {to, next};
}

result<void> inbound_seats::guard(batch& b, const holder& current, std::uint64_t fence,
                                  time_point now) const {
  b.require_fence(key(), fence);
  if (current.held.expires - now > life / 2) return {};
  KP_TRY(const auto renewed, take_lease(b, key(), current.held, current.held.owner, now, life));
  static_cast<void>(renewed);
  return {};
}

result<std::optional<seat_choice>> inbound_seats::choice() const {
  KP_TRY(const auto bytes, store_.get(choice_key()));
  if (!bytes) return std::optional<seat_choice>{};
  KP_TRY(auto found, decode_seat_choice(*bytes));
  return std::optional<seat_choice>{std::move(found)};
}

void inbound_seats::choose(batch& b, const seat_choice& chosen) const {
  b.put(choice_key(), encode(chosen));
}

void inbound_seats::forget_choice(batch& b) const {
  b.erase(choice_key());
}

result<std::vector<channel_number>> inbound_seats::followers() const {
  const auto prefix = key_builder(organisation_, record_kind::seat_followers)
                          .u8(static_cast<std::uint8_t>(via_))
                          .str();
  std::vector<channel_number> all;
  KP_CHECK(walk(store_, prefix, prefix_end(prefix), scan_order::ascending,
                [&](const entry& at) -> result<bool> {
                  key_reader parts(at.key);
                  parts.u8();
                  all.push_back(channel_number{parts.u32()});
                  return true;
                }));
  return all;
}

void inbound_seats::follow(batch& b, channel_number from) const {
  b.put(follower_key(from), {});
}

void inbound_seats::settled(batch& b, channel_number from) const {
  b.erase(follower_key(from));
}

}  // namespace kp::storage
