#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/repositories.hpp"
#include "storage/storage_error.hpp"

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

}  // namespace

conversations::conversations(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

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
  if (auto waits = expiry_key(organisation_, c)) b.put(*std::move(waits), {});
}

void conversations::update(batch& b, const conversation& before, const conversation& after) const {
  auto key = row_key(organisation_, before);
  b.require_value(key, encode(before));
  b.put(std::move(key), encode(after));
  auto waited = expiry_key(organisation_, before);
  auto waits = expiry_key(organisation_, after);
  if (waited == waits) return;
  if (waited) b.erase(*std::move(waited));
  if (waits) b.put(*std::move(waits), {});
}

void conversations::remove(batch& b, const conversation& c) const {
  b.erase(row_key(organisation_, c));
  b.erase(message_key(organisation_, c.way, c.message));
  if (auto waits = expiry_key(organisation_, c)) b.erase(*std::move(waits));
}

void conversations::move(batch& b, const conversation& before, channel_number to) const {
  auto after = before;
  after.channel = to;
  auto row = row_key(organisation_, before);
  b.require_value(row, encode(before));
  b.erase(std::move(row));
  if (auto waits = expiry_key(organisation_, before)) b.erase(*std::move(waits));
  b.put(row_key(organisation_, after), encode(after));
  b.put(message_key(organisation_, after.way, after.message),
        to_big_endian(raw(after.channel)) + to_big_endian(after.id));
  if (auto waits = expiry_key(organisation_, after)) b.put(*std::move(waits), {});
}

result<page<conversation>> conversations::list(channel_number channel, const page_request& request,
                                               const filter<conversation>& matches) const {
  return list_records(store_, rows_of(organisation_, channel).str(), request, matches);
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
