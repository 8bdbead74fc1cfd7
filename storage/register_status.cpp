#include "storage/feed.hpp"
#include "storage/repositories.hpp"
#include "storage/status_reports.hpp"
#include "storage/status_rules.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

void tell(batch& b, organisation_id organisation, const conversation& c, const status& row) {
  channel_event event;
  event.kind = event_kind::status;
  event.at = row.last_update;
  event.message = c.message;
  event.conversation = c.conversation_ref;
  event.way = c.way;
  event.via = c.via;
  event.status_row = row.id;
  event.conversation_row = c.id;
  event.name = row.name;
  event.description = row.description;
  append_event(b, organisation, c.channel, event);
}

// All that the status service is told is in the report: the conversation may be gone by then.
void report(batch& b, const statuses& rows, const conversation& c, const status& row) {
  if (!rows.reports()) return;
  const auto now = rows.reports()->admit();
  if (!now) return;
  status_report told;
  told.queued = *now;
  told.at = row.last_update;
  told.name = row.name;
  told.message = c.message;
  told.conversation = c.conversation_ref;
  told.via = c.via;
  told.process = c.process;
  told.document_type = c.document_type;
  told.sender = c.sender;
  told.receiver = c.receiver;
  append_report(b, rows.organisation(), told);
}

// Changes `c` and appends the status with its event, not the conversation. False when it
// may not follow.
result<bool> apply(batch& b, const statuses& rows, row_ids& ids, conversation& c,
                   const status_change& change) {
  if (!may_register(c, change.name)) return false;
  status row;
  KP_TRY(row.id, ids.next(b));
  row.conversation_row = c.id;
  row.channel = c.channel;
  row.message = c.message;
  row.conversation_ref = c.conversation_ref;
  row.name = change.name;
  row.description = change.description;
  row.raw_receipt = change.raw_receipt;
  row.last_update = change.at;
  KP_CHECK(rows.insert(b, c.via, row));
  tell(b, rows.organisation(), c, row);
  report(b, rows, c, row);
  c.statuses |= status_bit(change.name);
  c.finished = c.finished || finishes(change.name);
  c.pollable = pollable_after(c, change.name);
  // A transport may date a status back; the row itself has not been changed then.
  c.last_update = std::max(c.last_update, change.at);
  return true;
}

}  // namespace

result<std::size_t> register_statuses(batch& b, const conversations& all, const statuses& rows,
                                      row_ids& ids, conversation& c,
                                      const std::vector<status_change>& changes,
                                      const std::optional<std::string>& reference) {
  auto after = c;
  const bool renamed = reference && c.external_system_reference != reference;
  if (renamed) after.external_system_reference = reference;
  std::size_t registered = 0;
  for (const auto& change : changes) {
    KP_TRY(const bool changed, apply(b, rows, ids, after, change));
    if (changed) ++registered;
  }
  if (registered == 0 && !renamed) return registered;
  all.update(b, c, after);
  c = std::move(after);
  return registered;
}

result<bool> register_status(batch& b, const conversations& all, const statuses& rows, row_ids& ids,
                             conversation& c, const status_change& change) {
  KP_TRY(const auto registered, register_statuses(b, all, rows, ids, c, {change}));
  return registered > 0;
}

result<void> start_conversation(batch& b, const conversations& all, const statuses& rows,
                                row_ids& ids, conversation& c,
                                const std::vector<status_change>& initial) {
  auto started = c;
  if (started.id == 0) {
    KP_TRY(started.id, ids.next(b));
  }
  for (const auto& change : initial) KP_CHECK(apply(b, rows, ids, started, change));
  all.insert(b, started);
  c = std::move(started);
  return {};
}

}  // namespace kp::storage
