#include "actors/channel_incoming.hpp"

#include "actors/channel_json.hpp"
#include "actors/channel_lists.hpp"
#include "config/log.hpp"
#include "protocol/sbd/document.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

using message = storage::inbound_message;

// The lock has no owner that a client could prove to be; anybody of the channel may use it (7.3).
constexpr std::string_view lock_owner = "peek";
constexpr std::chrono::hours status_ttl{24};  // of generated documents, messages.md 11 no. 14

// What a credential is not shown is not there for it.
bool is_shown(const channel_place& place, const message& m) {
  return !place.view || place.view->shows(m.via, m.process);
}

judged<storage::filter<message>> filter_of(const channel_place& place, const api::query& query) {
  storage::filter<message> all;
  if (place.view)
    also<message>(all,
                  [view = place.view](const message& m) { return view->shows(m.via, m.process); });
  match_text(all, query, "conversationId",
             [](const message& m) { return m.conversation.to_string(); });
  match_text(all, query, "messageId", [](const message& m) { return m.message.to_string(); });
  match_text(all, query, "receiverIdentifier",
             [](const message& m) { return m.receiver_identifier; });
  match_text(all, query, "senderIdentifier", [](const message& m) { return m.sender_identifier; });
  match_text(all, query, "process", [](const message& m) { return m.process; });
  KP_CHECK(match_service(all, query));
  return all;
}

sortable<message> sort_properties(const channel_place& place) {
  return {
      {"lastUpdated", [](const message& m) { return sort_time(m.last_updated); }},
      {"conversationId", [](const message& m) { return sort_value(m.conversation.to_string()); }},
      {"messageId", [](const message& m) { return sort_value(m.message.to_string()); }},
      {"processIdentifier", [](const message& m) { return sort_value(m.process); }},
      {"receiverIdentifier", [](const message& m) { return sort_value(m.receiver_identifier); }},
      {"senderIdentifier", [](const message& m) { return sort_value(m.sender_identifier); }},
      {"serviceIdentifier",
       [](const message& m) { return sort_value(std::string(to_string(m.via))); }},
      {"lockTimeout",
       [&place](const message& m) {
         const auto lock = place.organisation().inbox.lock_of(m.message);
         return sort_time(lock && *lock ? std::optional((*lock)->expires) : std::nullopt);
       }},
  };
}

struct locked_message {
  message record;
  storage::lease lock;
};

// A message of this channel that is locked now: 404 and 400 otherwise.
judged<locked_message> find_locked(const channel_place& place, std::string_view id) {
  const auto& inbox = place.organisation().inbox;
  const auto parsed = to_message_id(id);
  if (!parsed) return api::message_not_found(id);
  KP_TRY(auto found, inbox.find(*parsed));
  if (!found || found->channel != place.number || !is_shown(place, *found))
    return api::message_not_found(id);
  KP_TRY(auto lock, inbox.lock_of(*parsed));
  if (!lock || !lock->held_at(place.now())) return api::message_not_locked(id);
  return locked_message{*std::move(found), *std::move(lock)};
}

judged<void> register_incoming(decision& d, const channel_place& place, const message& m,
                               storage::status_name name,
                               std::optional<std::string> description = {}) {
  const auto& organisation = place.organisation();
  KP_TRY(auto conversation, organisation.conversations.find(direction::incoming, m.message));
  if (!conversation) {
    // What a channel has sent to itself has one conversation (12.5).
    KP_TRY(conversation, organisation.conversations.find(direction::outgoing, m.message));
  }
  if (!conversation || conversation->channel != place.number) return {};
  KP_TRY(const auto registered,
         storage::register_status(d.changes, organisation.conversations, organisation.statuses,
                                  *organisation.ids, *conversation,
                                  {name, std::move(description), {}, place.now()}));
  static_cast<void>(registered);  // false: it was there already, which is as good
  return {};
}

// Tells the sender. A message whose type has no response process is answered by nothing.
judged<void> queue_delivered(decision& d, const channel_place& place, const message& m) {
  if (m.via != service::dpo && m.via != service::dpe) return {};
  const auto& organisation = place.organisation();
  const auto now = place.now();
  const auto arrived = sbd::parse(m.sbd, now);
  const auto answer =
      arrived ? sbd::make_status(*arrived, "LEVERT", now, status_ttl, place.uuid()) : std::nullopt;
  if (!answer) {
    log(log_level::warning, "no LEVERT for a message of a kind that is not answered",
        {{"organisation", organisation.id().to_string()}, {"message_id", m.message.to_string()}});
    return {};
  }
  storage::outbox_item item;
  KP_TRY(item.id, organisation.ids->next(d.changes));
  item.via = m.via;
  item.channel = place.number;
  item.message = m.message;
  item.kind = storage::outbox_kind::status;
  item.sbd = sbd::to_text(*answer);
  item.queued = item.due = now;
  item.expires = answer->expires();
  organisation.outbox(m.via).insert(d.changes, item);
  d.outbox = m.via;
  return {};
}

}  // namespace

judged<api_answer> list_incoming(const channel_place& place, std::string_view text) {
  const auto query = api::query::parse(text);
  const auto asked = api::parse_page_query(query);
  KP_TRY(const auto matches, filter_of(place, query));
  const auto scan = [&](const storage::page_request& request,
                        const storage::filter<message>& filter) {
    return place.organisation().inbox.list(place.number, request, filter);
  };
  KP_TRY(const auto page, sorted_page<message>(asked, {}, sort_properties(place), matches,
                                               source<message>{"id", scan}));
  const auto now = place.now();
  KP_TRY(const auto shown, page_json(page, asked, !asked.sort.empty(),
                                     [&](const message& m) { return sbd_json(m.sbd, now); }));
  return json_answer(shown);
}

judged<decision> sweep_overdue(const channel_place& place) {
  decision d;
  KP_TRY(const auto freed,
         place.organisation().inbox.sweep(d.changes, place.number, *place.organisation().ids,
                                          place.now(), sweep_limit));
  d.again = freed > 0;
  return d;
}

judged<decision> peek_incoming(const channel_place& place,
                               const std::shared_ptr<peek_memory>& memory, std::string_view text) {
  KP_TRY(auto matches, filter_of(place, api::query::parse(text)));
  KP_TRY(auto swept, sweep_overdue(place));
  if (swept.again) return swept;

  storage::filter<message> free = [memory](const message& m) {
    return !memory->being_locked.contains(m.message);
  };
  if (matches) also(free, std::move(matches));
  decision d;
  KP_TRY(const auto locked,
         place.organisation().inbox.peek(d.changes, place.number, memory->from, free, lock_owner,
                                         place.now(), place.lock_timeout()));
  if (!locked) {
    d.answer = empty_answer(204);
    return d;
  }
  const auto& found = locked->message;
  memory->being_locked.insert(found.message);
  d.settled = [memory, id = found.message](bool) { memory->being_locked.erase(id); };
  d.answer = json_answer(sbd_json(found.sbd, place.now()));
  return d;
}

judged<decision> pop_incoming(const channel_place& place, std::string_view path,
                              std::string_view id) {
  KP_TRY(const auto found, find_locked(place, id));
  const auto& m = found.record;
  decision d;
  d.answer = empty_answer(204);
  if (sbd::is_receipt_type(m.type) || m.state == storage::content_state::none) return d;
  if (m.state == storage::content_state::readable && m.content) {
    d.answer = empty_answer();
    d.answer.headers.add("Content-Disposition", "attachment; filename=asic.zip");
    d.answer.headers.add("Content-Type", "application/vnd.etsi.asic-e+zip");
    d.answer.content = m.content;
    return d;
  }
  KP_CHECK(register_incoming(d, place, m, storage::status_name::feil,
                             fmt::format("Can not read file \"asic.zip\" for message "
                                         "[messageId={}, sender={}]",
                                         m.message.to_string(), m.sender_identifier)));
  d.answer = refusal(api::asic_read(m.message.to_string()), path, place.now());
  return d;
}

judged<decision> remove_incoming(const channel_place& place, std::string_view id) {
  const auto& organisation = place.organisation();
  KP_TRY(const auto found, find_locked(place, id));
  const auto& m = found.record;
  decision d;
  d.answer = json_answer(sbd_json(m.sbd, place.now()));
  organisation.inbox.remove(d.changes, m, found.lock);
  KP_CHECK(register_incoming(d, place, m, storage::status_name::innkommende_levert));
  KP_CHECK(queue_delivered(d, place, m));
  if (m.content) {
    place.hub().blobs.remove(d.changes, organisation.id(), *m.content);
    d.released.push_back(*m.content);
  }
  return d;
}

}  // namespace kp::actors
