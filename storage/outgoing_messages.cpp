#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/repositories.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

std::string channel_prefix(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::outgoing_message)
      .u32(static_cast<std::uint32_t>(channel))
      .str();
}

std::string message_key(organisation_id organisation, channel_number channel,
                        const message_id& message) {
  return channel_prefix(organisation, channel) + message.to_string();
}

std::string document_key(organisation_id organisation, const message_id& message) {
  return key_builder(organisation, record_kind::outgoing_document).text(message.to_string()).str();
}

error lost_document() {
  return permanent(storage_errc::corrupt, "the document of an outgoing message is gone");
}

std::string owner_key(organisation_id organisation, const message_id& message) {
  return key_builder(organisation, record_kind::outgoing_owner).text(message.to_string()).str();
}

}  // namespace

outgoing_messages::outgoing_messages(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

result<std::optional<outgoing_message>> outgoing_messages::find(channel_number channel,
                                                                const message_id& message) const {
  const auto key = message_key(organisation_, channel, message);
  KP_TRY(auto found, find_record<outgoing_message>(store_, key));
  if (!found || found->document_inside) return found;
  KP_TRY(auto text, store_.get(document_key(organisation_, message)));
  if (!text) {
    KP_TRY(const auto still_there, store_.get(key));
    if (still_there) return lost_document();
    return std::optional<outgoing_message>{};  // removed a moment ago
  }
  found->sbd = *std::move(text);
  return found;
}

result<std::optional<outgoing_message>> outgoing_messages::find_without_document(
    channel_number channel, const message_id& message) const {
  return find_record<outgoing_message>(store_, message_key(organisation_, channel, message));
}

result<std::string> outgoing_messages::document(const outgoing_message& m) const {
  if (m.document_inside) return m.sbd;
  KP_TRY(auto text, store_.get(document_key(organisation_, m.message)));
  if (!text) return lost_document();
  return *std::move(text);
}

result<std::optional<outgoing_message>> outgoing_messages::find(const message_id& message) const {
  KP_TRY(const auto channel, owner(message));
  if (!channel) return std::optional<outgoing_message>{};
  return find(*channel, message);
}

result<std::optional<channel_number>> outgoing_messages::owner(const message_id& message) const {
  KP_TRY(const auto bytes, store_.get(owner_key(organisation_, message)));
  if (!bytes) return std::optional<channel_number>{};
  const auto number = from_big_endian<std::uint32_t>(*bytes);
  if (!number)
    return permanent(storage_errc::corrupt, "the owner of an outgoing message cannot be read");
  return std::optional<channel_number>{channel_number{*number}};
}

void outgoing_messages::insert(batch& b, const outgoing_message& m) const {
  auto owner = owner_key(organisation_, m.message);
  b.require_absent(owner);
  b.put(std::move(owner), to_big_endian(static_cast<std::uint32_t>(m.channel)));
  b.put(message_key(organisation_, m.channel, m.message), encode(m));
  if (!m.document_inside) b.put(document_key(organisation_, m.message), m.sbd);
}

void outgoing_messages::update(batch& b, const outgoing_message& before,
                               const outgoing_message& after) const {
  auto key = message_key(organisation_, before.channel, before.message);
  b.require_value(key, encode(before));
  b.put(std::move(key), encode(after));
}

void outgoing_messages::remove(batch& b, const outgoing_message& m) const {
  auto key = message_key(organisation_, m.channel, m.message);
  b.require_value(key, encode(m));
  b.erase(std::move(key));
  b.erase(owner_key(organisation_, m.message));
  if (!m.document_inside) b.erase(document_key(organisation_, m.message));
}

result<page<outgoing_message>> outgoing_messages::list(
    channel_number channel, const page_request& request,
    const filter<outgoing_message>& matches) const {
  // Keys are in the order of message ids; a channel's outgoing messages are those under way, so few
  // that sorting them is cheap.
  struct place {
    row_id id;
    message_id message;
  };
  std::vector<place> places;
  std::optional<error> failed;
  const auto prefix = channel_prefix(organisation_, channel);
  KP_CHECK(store_.scan(prefix, prefix_end(prefix), scan_order::ascending,
                       [&](std::string_view, std::string_view bytes) {
                         const auto record = decode<outgoing_message>(bytes);
                         if (!record) {
                           failed = record.error();
                           return false;
                         }
                         if (!matches || matches(*record))
                           places.push_back({record->id, record->message});
                         return true;
                       }));
  if (failed) return *std::move(failed);
  std::sort(places.begin(), places.end(), [&](const place& a, const place& b) {
    return request.order == scan_order::ascending ? a.id < b.id : b.id < a.id;
  });
  page<outgoing_message> found;
  found.total = places.size();
  for (auto i = request.offset; i < places.size() && found.items.size() < request.size; ++i) {
    KP_TRY(auto record, find(channel, places[i].message));
    if (record) found.items.push_back(*std::move(record));
  }
  return found;
}

}  // namespace kp::storage
