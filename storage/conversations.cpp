#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/repositories.hpp"
#include "storage/row_counter.hpp"
#include "storage/storage_error.hpp"
#include "storage/upkeep.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

std::uint32_t raw(channel_number channel) {
  return static_cast<std::uint32_t>(channel);
}

key_builder rows_of(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::conversation).u32(raw(channel));
}

std::string row_key(organisation_id organisation, const conversation& c) {
  return rows_of(organisation, c.channel).u64(c.id).str();
}

std::string message_key(organisation_id organisation, direction way, const message_id& message) {
  return key_builder(organisation, record_kind::conversation_by_message)
      .u8(static_cast<std::uint8_t>(way))
      .text(message.to_string())
      .str();
}

// Where the conversation waits for its expiry, or nullopt when it does not.
std::optional<std::string> expiry_key(organisation_id organisation, const conversation& c) {
  if (c.finished || !c.expires) return std::nullopt;
  return key_builder(organisation, record_kind::conversation_expiry)
      .time(*c.expires)
      .u32(raw(c.channel))
      .u64(c.id)
      .str();
}

// Numbers are on disk: never change or reuse one.
enum class kept_set : std::uint8_t {
  by_reference = 1,  // conversation id 0x00 | row id u64
  pollable = 2,      // last update i64 us | row id u64
  unfinished = 3,    // last update i64 us | row id u64
};

key_builder set_of(organisation_id organisation, channel_number channel, kept_set which) {
  return key_builder(organisation, record_kind::conversation_set)
      .u32(raw(channel))
      .u8(static_cast<std::uint8_t>(which));
}

key_builder updates_of(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::conversation_by_update).u32(raw(channel));
}

// Every index entry of a conversation, but the one that finds it by its message.
std::vector<std::string> places_of(organisation_id organisation, const conversation& c) {
  std::vector<std::string> places;
  if (auto waits = expiry_key(organisation, c)) places.push_back(*std::move(waits));
  const auto by_update = [&](key_builder in) {
    places.push_back(std::move(in.time(c.last_update).u64(c.id)).str());
  };
  by_update(updates_of(organisation, c.channel));
  if (c.pollable) by_update(set_of(organisation, c.channel, kept_set::pollable));
  if (!c.finished) by_update(set_of(organisation, c.channel, kept_set::unfinished));
  places.push_back(set_of(organisation, c.channel, kept_set::by_reference)
                       .text_part(c.conversation_ref.to_string())
                       .u64(c.id)
                       .str());
  return places;
}

constexpr std::size_t row_id_size = 8;

}  // namespace

conversations::conversations(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation), counter_(std::make_shared<row_counter>(store)) {}

result<std::optional<conversation>> conversations::find(channel_number channel, row_id row) const {
  return find_record<conversation>(store_, rows_of(organisation_, channel).u64(row).str());
}

result<std::optional<conversation>> conversations::find(direction way,
                                                        const message_id& message) const {
  KP_TRY(const auto bytes, store_.get(message_key(organisation_, way, message)));
  if (!bytes) return std::optional<conversation>{};
  const std::string_view place = *bytes;
  if (place.size() != 12)
    return permanent(storage_errc::corrupt, "the place of a conversation cannot be read");
  return find(channel_number{*from_big_endian<std::uint32_t>(place.substr(0, 4))},
              *from_big_endian<std::uint64_t>(place.substr(4)));
}

void conversations::insert(batch& b, const conversation& c) const {
  auto by_message = message_key(organisation_, c.way, c.message);
  b.require_absent(by_message);
  b.put(std::move(by_message), to_big_endian(raw(c.channel)) + to_big_endian(c.id));
  b.put(row_key(organisation_, c), encode(c));
  add_places(b, c);
}

void conversations::add_places(batch& b, const conversation& c) const {
  for (auto& place : places_of(organisation_, c)) b.put(std::move(place), {});
}

void conversations::update(batch& b, const conversation& before, const conversation& after) const {
  auto key = row_key(organisation_, before);
  b.require_value(key, encode(before));
  b.put(std::move(key), encode(after));
  auto left = places_of(organisation_, before);
  for (auto& place : places_of(organisation_, after)) {
    if (const auto same = std::ranges::find(left, place); same != left.end())
      left.erase(same);
    else
      b.put(std::move(place), {});
  }
  for (auto& place : left) b.erase(std::move(place));
}

void conversations::remove(batch& b, const conversation& c) const {
  auto key = row_key(organisation_, c);
  b.require_value(key, encode(c));
  b.erase(std::move(key));
  b.erase(message_key(organisation_, c.way, c.message));
  for (auto& place : places_of(organisation_, c)) b.erase(std::move(place));
  // No row id is removed twice, so this is a value that was never there before.
  b.put(upkeep_key(organisation_, c.channel, upkeep::conversation_removals), to_big_endian(c.id));
}

void conversations::move(batch& b, const conversation& before, channel_number to) const {
  auto after = before;
  after.channel = to;
  auto row = row_key(organisation_, before);
  b.require_value(row, encode(before));
  b.erase(std::move(row));
  for (auto& place : places_of(organisation_, before)) b.erase(std::move(place));
  b.put(row_key(organisation_, after), encode(after));
  b.put(message_key(organisation_, after.way, after.message),
        to_big_endian(raw(after.channel)) + to_big_endian(after.id));
  add_places(b, after);
  for (const auto channel : {before.channel, to})
    b.put(upkeep_key(organisation_, channel, upkeep::conversation_removals), moved_mark(before.id));
}

result<page<conversation>> conversations::list(channel_number channel, const page_request& request,
                                               const filter<conversation>& matches) const {
  const auto rows = rows_of(organisation_, channel).str();
  if (matches) return list_records(store_, rows, request, matches);
  return counted_page<conversation>(
      store_, *counter_, rows, upkeep_key(organisation_, channel, upkeep::conversation_removals),
      request);
}

result<page<conversation>> conversations::by_update(channel_number channel, set which,
                                                    const page_request& request,
                                                    const filter<conversation>& matches) const {
  const auto rows = rows_of(organisation_, channel).str();
  const auto row = [&](const entry& at) {
    return rows + at.key.substr(at.key.size() - row_id_size);
  };
  if (which != set::all || matches) {
    const auto index = which == set::all ? updates_of(organisation_, channel)
                                         : set_of(organisation_, channel,
                                                  which == set::pollable ? kept_set::pollable
                                                                         : kept_set::unfinished);
    return list_indexed<conversation>(store_, index.str(), request, matches, row);
  }
  // Of all there are only the entries up to the end of the page need be looked at.
  KP_TRY(const auto part,
         counter_->locate(rows, upkeep_key(organisation_, channel, upkeep::conversation_removals),
                          request));
  page<conversation> found;
  found.total = part.total;
  if (part.take == 0) return found;
  auto skip = request.offset;
  const auto index = updates_of(organisation_, channel).str();
  KP_CHECK(
      walk(store_, index, prefix_end(index), request.order, [&](const entry& at) -> result<bool> {
        if (skip > 0) {
          --skip;
          return true;
        }
        KP_TRY(auto c, find_record<conversation>(store_, row(at)));
        if (c) found.items.push_back(*std::move(c));
        return found.items.size() < part.take;
      }));
  return found;
}

result<std::vector<conversation>> conversations::of_reference(channel_number channel,
                                                              const conversation_id& id) const {
  const auto index =
      set_of(organisation_, channel, kept_set::by_reference).text_part(id.to_string()).str();
  page_request everything;
  everything.size = UINT64_MAX;
  const auto rows = rows_of(organisation_, channel).str();
  KP_TRY(auto found,
         list_indexed<conversation>(store_, index, everything, {}, [&](const entry& at) {
           return rows + at.key.substr(at.key.size() - row_id_size);
         }));
  return std::move(found.items);
}

result<std::vector<conversation>> conversations::expired(time_point now, std::size_t limit) const {
  const key_builder index(organisation_, record_kind::conversation_expiry);
  std::vector<conversation> found;
  if (limit == 0) return found;
  const auto end = key_builder(index).time(now + std::chrono::microseconds(1)).str();
  KP_CHECK(
      walk(store_, index.str(), end, scan_order::ascending, [&](const entry& at) -> result<bool> {
        key_reader key(at.key);
        key.time();
        const auto channel = channel_number{key.u32()};
        KP_TRY(auto c, find(channel, key.u64()));
        if (c && expiry_key(organisation_, *c) == at.key) found.push_back(*std::move(c));
        return found.size() < limit;
      }));
  return found;
}

result<std::optional<time_point>> conversations::next_expiry() const {
  const auto prefix = key_builder(organisation_, record_kind::conversation_expiry).str();
  KP_TRY(const auto first, first_entry(store_, prefix, prefix_end(prefix)));
  if (!first) return std::optional<time_point>{};
  return std::optional<time_point>{key_reader(first->key).time()};
}

}  // namespace kp::storage
