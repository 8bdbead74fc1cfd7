#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/repositories.hpp"

namespace kp::storage {
namespace {

key_builder rows_of(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::status).u32(static_cast<std::uint32_t>(channel));
}

key_builder rows_of_message(organisation_id organisation, channel_number channel,
                            const message_id& message) {
  return key_builder(organisation, record_kind::status_by_message)
      .u32(static_cast<std::uint32_t>(channel))
      .text_part(message.to_string());
}

std::string row_key(organisation_id organisation, const status& s) {
  return rows_of(organisation, s.channel).u64(s.id).str();
}

std::string index_key(organisation_id organisation, const status& s) {
  return rows_of_message(organisation, s.channel, s.message).u64(s.id).str();
}

constexpr std::size_t row_id_size = 8;

}  // namespace

statuses::statuses(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

void statuses::insert(batch& b, const status& s) const {
  b.put(row_key(organisation_, s), encode(s));
  b.put(index_key(organisation_, s), {});
}

result<page<status>> statuses::list(channel_number channel, const page_request& request,
                                    const filter<status>& matches) const {
  return list_records(store_, rows_of(organisation_, channel).str(), request, matches);
}

result<page<status>> statuses::of_message(channel_number channel, const message_id& message,
                                          const page_request& request,
                                          const filter<status>& matches) const {
  const auto rows = rows_of(organisation_, channel).str();
  return list_indexed<status>(
      store_, rows_of_message(organisation_, channel, message).str(), request, matches,
      [&](const entry& at) { return rows + at.key.substr(at.key.size() - row_id_size); });
}

result<std::vector<status>> statuses::of_conversation(const conversation& c) const {
  // A message to oneself has two conversations with the same message id.
  page_request everything;
  everything.size = UINT64_MAX;
  KP_TRY(auto all, of_message(c.channel, c.message, everything,
                              [&](const status& s) { return s.conversation_row == c.id; }));
  return std::move(all.items);
}

void statuses::remove_of(batch& b, const conversation&, const std::vector<status>& all) const {
  for (const auto& each : all) {
    b.erase(row_key(organisation_, each));
    b.erase(index_key(organisation_, each));
  }
}

void statuses::move(batch& b, const std::vector<status>& all, channel_number to) const {
  for (auto each : all) {
    b.erase(row_key(organisation_, each));
    b.erase(index_key(organisation_, each));
    each.channel = to;
    insert(b, each);
  }
}

}  // namespace kp::storage
