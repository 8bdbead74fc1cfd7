#include "actors/channel_conversations.hpp"

#include "actors/channel_json.hpp"
#include "actors/channel_lists.hpp"
#include "actors/inbox_scope.hpp"
#include "storage/status_rules.hpp"

#include <charconv>

namespace kp::actors {

namespace {

using storage::conversation;

const sortable<conversation>& sort_properties() {
  using c = const conversation&;
  static const sortable<conversation> properties{
      {"conversationId", [](c r) { return sort_value(r.conversation_ref.to_string()); }},
      {"messageId", [](c r) { return sort_value(r.message.to_string()); }},
      {"sender", [](c r) { return sort_value(r.sender); }},
      {"senderIdentifier", [](c r) { return sort_value(r.sender_identifier); }},
      {"receiver", [](c r) { return sort_value(r.receiver.value_or("")); }},
      {"receiverIdentifier", [](c r) { return sort_value(r.receiver_identifier.value_or("")); }},
      {"processIdentifier", [](c r) { return sort_value(r.process); }},
      {"documentIdentifier", [](c r) { return sort_value(r.document_type); }},
      {"messageReference", [](c r) { return sort_value(r.message_reference); }},
      {"messageTitle", [](c r) { return sort_value(r.message_title); }},
      {"lastUpdate", [](c r) { return sort_time(r.last_update); }},
      {"finished", [](c r) { return sort_value(std::int64_t{r.finished}); }},
      {"pollable", [](c r) { return sort_value(std::int64_t{r.pollable}); }},
      {"expiry", [](c r) { return sort_time(r.expires); }},
      {"direction", [](c r) { return sort_value(std::string(to_string(r.way))); }},
      {"serviceIdentifier", [](c r) { return sort_value(std::string(to_string(r.via))); }},
      {"externalSystemReference",
       [](c r) { return sort_value(r.external_system_reference.value_or("")); }},
  };
  return properties;
}

std::optional<direction> parse_direction(std::string_view text) {
  for (const auto way : {direction::outgoing, direction::incoming})
    if (text == to_string(way)) return way;
  return std::nullopt;
}

struct wanted {
  storage::filter<conversation> matches;
  std::optional<std::string> message, reference;
  bool pollable = false;    // only those
  bool unfinished = false;  // only those
};

judged<wanted> wanted_of(const api::query& query) {
  using c = const conversation&;
  wanted out;
  auto& all = out.matches;
  out.message = query.find("messageId");
  out.reference = query.find("conversationId");
  match_text(all, query, "conversationId", [](c r) { return r.conversation_ref.to_string(); });
  match_text(all, query, "messageId", [](c r) { return r.message.to_string(); });
  match_text(all, query, "receiver", [](c r) { return r.receiver.value_or(""); });
  match_text(all, query, "receiverIdentifier",
             [](c r) { return r.receiver_identifier.value_or(""); });
  match_text(all, query, "sender", [](c r) { return r.sender; });
  match_text(all, query, "senderIdentifier", [](c r) { return r.sender_identifier; });
  match_text(all, query, "messageReference", [](c r) { return r.message_reference; });
  match_text(all, query, "messageTitle", [](c r) { return r.message_title; });

  query_object object(query, "conversationQueryInput");
  if (const auto text = object.text("direction")) {
    if (const auto way = parse_direction(*text))
      also<conversation>(all, [way = *way](c r) { return r.way == way; });
    else
      object.refuse("direction", *text,
                    "no.difi.meldingsutveksling.nextmove.ConversationDirection");
  }
  if (const auto want = object.truth("pollable")) {
    also<conversation>(all, [want = *want](c r) { return r.pollable == want; });
    out.pollable = *want;
  }
  if (const auto want = object.truth("finished")) {
    also<conversation>(all, [want = *want](c r) { return r.finished == want; });
    out.unfinished = !*want;
  }
  if (const auto from = object.midnight("lastUpdateFrom", std::chrono::days(0)))
    also<conversation>(all, [at = *from](c r) { return r.last_update >= at; });
  if (const auto until = object.midnight("lastUpdateTo", std::chrono::days(1)))
    also<conversation>(all, [at = *until](c r) { return r.last_update < at; });
  KP_CHECK(object.complete());
  KP_CHECK(match_service(all, query));
  return out;
}

using set = storage::conversations::set;

source<conversation> by_update(const channel_place& place, set which) {
  return {"lastUpdate", [&place, which](const storage::page_request& request,
                                        const storage::filter<conversation>& matches) {
            return place.organisation().conversations.by_update(place.number, which, request,
                                                                matches);
          }};
}

// The smallest part of the channel's conversations that an index can tell to hold all that are
// wanted.
judged<source<conversation>> source_for(const channel_place& place, const wanted& what,
                                        const api::page_query& asked) {
  const auto& conversations = place.organisation().conversations;
  if (what.message) {
    std::vector<conversation> found;
    const auto id = to_message_id(*what.message);
    for (const auto way : {direction::outgoing, direction::incoming}) {
      if (!id) break;
      KP_TRY(auto one, conversations.find(way, *id));
      if (one && one->channel == place.number) found.push_back(*std::move(one));
    }
    return source_of(std::move(found));
  }
  if (what.reference) {
    const auto id = conversation_id::parse(*what.reference);
    if (!id) return source_of<conversation>({});
    KP_TRY(auto found, conversations.of_reference(place.number, *id));
    return source_of(std::move(found));
  }
  if (what.pollable) return by_update(place, set::pollable);
  if (what.unfinished) return by_update(place, set::unfinished);
  if (!asked.sort.empty() && follows(asked.sort, "id"))
    return source<conversation>{"id", [&place](const storage::page_request& request,
                                               const storage::filter<conversation>& matches) {
                                  return place.organisation().conversations.list(place.number,
                                                                                 request, matches);
                                }};
  return by_update(place, set::all);
}

judged<boost::json::value> with_statuses(const channel_place& place, const conversation& c) {
  KP_TRY(const auto statuses, place.organisation().statuses.of_conversation(c));
  return boost::json::value(conversation_json(c, statuses));
}

judged<api_answer> shown(const channel_place& place, const api::page_query& asked,
                         const storage::filter<conversation>& matches,
                         const source<conversation>& from) {
  static const std::vector<api::sort_key> newest_first{{"lastUpdate", true}};
  KP_TRY(const auto page,
         sorted_page<conversation>(asked, newest_first, sort_properties(), matches, from));
  KP_TRY(const auto json, page_json(page, asked, true, [&](const conversation& c) {
           return with_statuses(place, c);
         }));
  return json_answer(json);
}

judged<storage::row_id> row_of(std::string_view text) {
  std::int64_t id = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (failed != std::errc{} || end != text.data() + text.size())
    return api::bad_path_value("id", text, "java.lang.Long");
  return static_cast<storage::row_id>(id);
}

judged<void> add_removal(decision& d, const channel_place& place, const conversation& c) {
  const auto& organisation = place.organisation();
  KP_TRY(const auto statuses, organisation.statuses.of_conversation(c));
  organisation.statuses.remove_of(d.changes, c, statuses);
  organisation.conversations.remove(d.changes, c);
  if (arrived(c)) organisation.references.remove(d.changes, c.message);
  return {};
}

}  // namespace

judged<api_answer> list_conversations(const channel_place& place, std::string_view text) {
  const auto query = api::query::parse(text);
  const auto asked = api::parse_page_query(query);
  KP_TRY(auto what, wanted_of(query));
  if (place.view)
    also<conversation>(what.matches,
                       [view = place.view](const conversation& c) { return shows(view, c); });
  KP_TRY(const auto from, source_for(place, what, asked));
  return shown(place, asked, what.matches, from);
}

judged<api_answer> list_polled_conversations(const channel_place& place, std::string_view text) {
  const auto asked = api::parse_page_query(api::query::parse(text));
  return shown(place, asked, {}, by_update(place, set::pollable));
}

judged<api_answer> find_conversation(const channel_place& place, std::string_view row) {
  KP_TRY(const auto id, row_of(row));
  KP_TRY(const auto found, place.organisation().conversations.find(place.number, id));
  if (!found || found->way != direction::outgoing) return api::conversation_not_found(id);
  KP_TRY(const auto shown, with_statuses(place, *found));
  return json_answer(shown);
}

judged<api_answer> conversation_of(const channel_place& place, std::string_view message) {
  const auto id = to_message_id(message);
  if (!id) return api::message_not_found(message);
  KP_TRY(const auto found, place.organisation().conversations.find(direction::outgoing, *id));
  if (!found || found->channel != place.number) return api::message_not_found(message);
  KP_TRY(const auto shown, with_statuses(place, *found));
  return json_answer(shown);
}

judged<decision> remove_conversation(const channel_place& place, std::string_view row) {
  KP_TRY(const auto id, row_of(row));
  decision d;
  d.answer = empty_answer();
  KP_TRY(const auto found, place.organisation().conversations.find(place.number, id));
  if (found && shows(place.view, *found)) KP_CHECK(add_removal(d, place, *found));
  return d;
}

judged<decision> remove_conversation_of(const channel_place& place, std::string_view message) {
  decision d;
  d.answer = empty_answer();
  const auto id = to_message_id(message);
  if (!id) return d;
  for (const auto way : {direction::outgoing, direction::incoming}) {
    KP_TRY(const auto found, place.organisation().conversations.find(way, *id));
    if (found && found->channel == place.number && shows(place.view, *found))
      KP_CHECK(add_removal(d, place, *found));
  }
  return d;
}

}  // namespace kp::actors
