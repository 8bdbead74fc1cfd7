#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/repositories.hpp"
#include "storage/row_counter.hpp"
#include "storage/upkeep.hpp"

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

key_builder updates_of(organisation_id organisation, channel_number channel) {
  return key_builder(organisation, record_kind::status_by_update)
      .u32(static_cast<std::uint32_t>(channel));
}

std::string update_key(organisation_id organisation, const status& s) {
  return updates_of(organisation, s.channel).time(s.last_update).u64(s.id).str();
}

constexpr std::size_t row_id_size = 8;

// A page of an index that has a place for each of `total` rows: it is read as far as the page
// alone.
result<page<status>> page_of_all(const engine& store, std::uint64_t total, const std::string& index,
                                 const std::string& rows, const page_request& request) {
  page<status> found;
  found.total = total;
  if (request.size == 0 || request.offset >= total) return found;
  auto skip = request.offset;
  KP_CHECK(
      walk(store, index, prefix_end(index), request.order, [&](const entry& at) -> result<bool> {
        if (skip > 0) {
          --skip;
          return true;
        }
        KP_TRY(auto record,
               find_record<status>(store, rows + at.key.substr(at.key.size() - row_id_size)));
        if (record) found.items.push_back(*std::move(record));
        return found.items.size() < request.size;
      }));
  return found;
}

}  // namespace

statuses::statuses(const engine& store, organisation_id organisation, status_queue::includes queues,
                   std::shared_ptr<report_gate> reports)
    : store_(store),
      organisation_(organisation),
      queue_(store, organisation, std::move(queues)),
      counter_(std::make_shared<row_counter>(store)),
      reports_(std::move(reports)) {}

result<void> statuses::insert(batch& b, service via, const status& s) const {
  b.put(row_key(organisation_, s), encode(s));
  b.put(index_key(organisation_, s), {});
  add_places(b, s);
  return queue_.add(b, via, s);
}

void statuses::add_places(batch& b, const status& s) const {
  b.put(update_key(organisation_, s), {});
}

result<std::optional<status>> statuses::find(channel_number channel, row_id id) const {
  return find_record<status>(store_, rows_of(organisation_, channel).u64(id).str());
}

result<page<status>> statuses::list(channel_number channel, const page_request& request,
                                    const filter<status>& matches) const {
  const auto rows = rows_of(organisation_, channel).str();
  if (matches) return list_records(store_, rows, request, matches);
  return counted_page<status>(store_, *counter_, rows,
                              upkeep_key(organisation_, channel, upkeep::status_removals), request);
}

result<page<status>> statuses::between(channel_number channel, time_point from, time_point to,
                                       const page_request& request,
                                       const filter<status>& matches) const {
  const auto rows = rows_of(organisation_, channel).str();
  const auto index = updates_of(organisation_, channel);
  if (!matches && from == time_point::min() && to == time_point::max()) {
    page_request count_alone;
    count_alone.size = 0;
    KP_TRY(const auto all,
           counter_->locate(rows, upkeep_key(organisation_, channel, upkeep::status_removals),
                            count_alone));
    return page_of_all(store_, all.total, index.str(), rows, request);
  }
  const auto end = to == time_point::max()
                       ? prefix_end(index.str())
                       : key_builder(index).time(to + std::chrono::microseconds(1)).str();
  return list_indexed_range<status>(
      store_, key_builder(index).time(from).str(), end, request, matches,
      [&](const entry& at) { return rows + at.key.substr(at.key.size() - row_id_size); });
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

void statuses::remove_of(batch& b, const conversation& c, const std::vector<status>& all) const {
  for (const auto& each : all) {
    b.erase(row_key(organisation_, each));
    b.erase(index_key(organisation_, each));
    b.erase(update_key(organisation_, each));
    queue_.forget(b, each);
  }
  // No row id is removed twice, so this is a value that was never there before.
  b.put(upkeep_key(organisation_, c.channel, upkeep::status_removals), to_big_endian(c.id));
}

result<void> statuses::move(batch& b, const conversation& c, const std::vector<status>& all,
                            channel_number to) const {
  for (auto each : all) {
    b.erase(row_key(organisation_, each));
    b.erase(index_key(organisation_, each));
    b.erase(update_key(organisation_, each));
    queue_.forget(b, each);
    each.channel = to;
    KP_CHECK(insert(b, c.via, each));
  }
  for (const auto channel : {c.channel, to})
    b.put(upkeep_key(organisation_, channel, upkeep::status_removals), moved_mark(c.id));
  return {};
}

}  // namespace kp::storage
