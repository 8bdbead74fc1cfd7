#include "storage/tracking.hpp"

#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;

key_builder index_of(organisation_id organisation, service via) {
  return key_builder(organisation, record_kind::tracked_by_due).u8(static_cast<std::uint8_t>(via));
}

}  // namespace

template <class Archive, class Tracked>
  requires std::same_as<std::remove_const_t<Tracked>, tracked>
void fields(Archive& a, Tracked& t) {
  a(t.message, t.external_id, t.memo, t.sent, t.due, t.ends, t.asks, t.failures, t.last_error);
}

std::string encode(const tracked& t) {
  return encode_record(newest, t);
}

result<tracked> decode_tracked(std::string_view bytes) {
  return decode_record<tracked>(bytes, newest, "tracked message");
}

tracking::tracking(const engine& store, organisation_id organisation, service via)
    : store_(store), organisation_(organisation), via_(via) {}

std::string tracking::key(const message_id& message) const {
  return key_builder(organisation_, record_kind::tracked)
      .u8(static_cast<std::uint8_t>(via_))
      .text(message.to_string())
      .str();
}

std::string tracking::due_key(const tracked& t) const {
  return index_of(organisation_, via_).time(t.due).text(t.message.to_string()).str();
}

result<std::optional<tracked>> tracking::find(const message_id& message) const {
  KP_TRY(const auto bytes, store_.get(key(message)));
  if (!bytes) return std::optional<tracked>{};
  KP_TRY(auto found, decode_tracked(*bytes));
  return std::optional(std::move(found));
}

void tracking::insert(batch& b, const tracked& t) const {
  b.require_absent(key(t.message));
  b.put(key(t.message), encode(t));
  b.put(due_key(t), {});
}

void tracking::update(batch& b, const tracked& before, const tracked& after) const {
  b.require_value(key(before.message), encode(before));
  b.erase(due_key(before));
  b.put(key(after.message), encode(after));
  b.put(due_key(after), {});
}

void tracking::remove(batch& b, const tracked& t) const {
  b.require_value(key(t.message), encode(t));
  b.erase(due_key(t));
  b.erase(key(t.message));
}

result<std::vector<tracked>> tracking::due(time_point& from, time_point now,
                                           std::size_t limit) const {
  std::vector<tracked> all;
  if (limit == 0) return all;
  const auto settled = now - commit_window;
  if (from > settled) from = {};
  std::optional<time_point> first;
  const auto index = index_of(organisation_, via_);
  KP_CHECK(walk(store_, key_builder(index).time(from).str(),
                key_builder(index).time(now + std::chrono::microseconds(1)).str(),
                scan_order::ascending, [&](const entry& at) -> result<bool> {
                  key_reader read(at.key);
                  read.u8();
                  const auto when = read.time();
                  if (!first) first = when;
                  const auto id = message_id::parse(read.rest());
                  if (!id) return true;
                  KP_TRY(auto found, find(*id));
                  if (found && found->due == when) all.push_back(*std::move(found));
                  return all.size() < limit;
                }));
  from = std::max(from, std::min(first.value_or(settled), settled));
  return all;
}

result<std::optional<time_point>> tracking::next_due(time_point from) const {
  const auto index = index_of(organisation_, via_);
  KP_TRY(const auto first,
         first_entry(store_, key_builder(index).time(from).str(), prefix_end(index.str())));
  if (!first) return std::optional<time_point>{};
  key_reader read(first->key);
  read.u8();
  return std::optional<time_point>{read.time()};
}

}  // namespace kp::storage
