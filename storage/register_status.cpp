#include "storage/feed.hpp"
#include "storage/repositories.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

std::uint32_t bit(status_name name) {
  return 1u << static_cast<std::uint32_t>(name);
}

// rest-api.md 12.2 rule 4.
bool finishes(status_name name) {
  switch (name) {
    case status_name::levert:
    case status_name::lest:
    case status_name::feil:
    case status_name::levetid_utlopt:
    case status_name::innkommende_levert:
      return true;
    case status_name::opprettet:
    case status_name::sendt:
    case status_name::mottatt:
    case status_name::annet:
    case status_name::innkommende_mottatt:
      return false;
  }
  return false;
}

// rest-api.md 12.2 rule 5.
bool pollable_after(const conversation& c, status_name name) {
  if (c.way != direction::outgoing) return c.pollable;
  switch (name) {
    case status_name::sendt:
      return c.pollable || c.via == service::dpf || c.via == service::dpv ||
             c.via == service::dph || c.via == service::dpi;
    case status_name::lest:
    case status_name::feil:
    case status_name::levetid_utlopt:
    case status_name::innkommende_levert:
      return false;
    case status_name::mottatt:
      return c.pollable && c.via != service::dpi;
    case status_name::levert:
      return c.pollable && c.via != service::dpi && c.via != service::dph;
    case status_name::opprettet:
    case status_name::annet:
    case status_name::innkommende_mottatt:
      return c.pollable;
  }
  return c.pollable;
}

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

// Changes `c` and appends the status with its event, not the conversation. False when registered
// before.
result<bool> apply(batch& b, const statuses& rows, row_ids& ids, conversation& c,
                   const status_change& change) {
  if ((c.statuses & bit(change.name)) != 0) return false;
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
  rows.insert(b, row);
  tell(b, rows.organisation(), c, row);
  c.statuses |= bit(change.name);
  c.finished = c.finished || finishes(change.name);
  c.pollable = pollable_after(c, change.name);
  // A transport may date a status back; the row itself has not been changed then.
  c.last_update = std::max(c.last_update, change.at);
  return true;
}

}  // namespace

result<bool> register_status(batch& b, const conversations& all, const statuses& rows, row_ids& ids,
                             conversation& c, const status_change& change) {
  auto after = c;
  KP_TRY(const bool changed, apply(b, rows, ids, after, change));
  if (!changed) return false;
  all.update(b, c, after);
  c = std::move(after);
  return true;
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
