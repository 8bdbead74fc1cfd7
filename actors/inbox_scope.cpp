#include "actors/inbox_scope.hpp"

#include <unordered_map>

namespace kp::actors {

namespace {

constexpr std::size_t conversations_remembered = 4096;

// Whether only outgoing messages have it.
bool is_outgoing(storage::status_name name) {
  using enum storage::status_name;
  return name == sendt || name == mottatt || name == levert || name == lest || name == annet;
}

}  // namespace

bool shows(const inbox_view_ptr& view, const storage::conversation& c) {
  return !view || c.way == direction::outgoing || view->shows(c.via, c.process);
}

result<bool> shows(const inbox_view_ptr& view, const storage::conversations& all,
                   channel_number channel, const storage::channel_event& event) {
  if (!view || event.way == direction::outgoing) return true;
  if (event.kind == storage::event_kind::arrival) return view->shows(event.via, event.process);
  KP_TRY(const auto found, all.find(channel, event.conversation_row));
  return found && shows(view, *found);
}

result<bool> shows(const inbox_view_ptr& view, const storage::conversations& all,
                   const storage::status& row) {
  if (!view || is_outgoing(row.name)) return true;
  KP_TRY(const auto found, all.find(row.channel, row.conversation_row));
  return found && shows(view, *found);
}

storage::filter<storage::status> shown_statuses(const inbox_view_ptr& view,
                                                const storage::conversations& all) {
  if (!view) return {};
  // A list goes over its rows more than once, and a conversation has several.
  auto known = std::make_shared<std::unordered_map<storage::row_id, bool>>();
  return [view, &all, known](const storage::status& row) {
    if (is_outgoing(row.name)) return true;
    if (const auto at = known->find(row.conversation_row); at != known->end()) return at->second;
    if (known->size() >= conversations_remembered) known->clear();
    const bool shown = shows(view, all, row).value_or(false);
    known->emplace(row.conversation_row, shown);
    return shown;
  };
}

}  // namespace kp::actors
