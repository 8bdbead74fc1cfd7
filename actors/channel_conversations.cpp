#include "actors/channel_conversations.hpp"

#include "actors/channel_json.hpp"
#include "actors/channel_lists.hpp"

#include <charconv>

namespace kp::actors {

namespace {

using storage::conversation;

constexpr std::string_view query_object = "conversationQueryInput";

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

std::optional<std::string> given(const api::query& query, std::string_view name) {
  auto value = query.find(name);
  return value && !value->empty() ? value : std::nullopt;
}

judged<std::optional<bool>> truth(const api::query& query, std::string_view name) {
  const auto text = given(query, name);
  if (!text) return std::optional<bool>{};
  for (const auto* word : {"true", "on", "yes", "1"})
    if (*text == word) return std::optional(true);
  for (const auto* word : {"false", "off", "no", "0"})
    if (*text == word) return std::optional(false);
  return api::bad_query_value(query_object, name, *text, "java.lang.Boolean");
}

// Midnight in Oslo at the beginning of "yyyy-MM-dd", `days` later.
std::optional<time_point> midnight(const std::string& date, std::chrono::days days) {
  if (date.size() != 10) return std::nullopt;
  const auto utc = parse_timestamp_with_offset(date + "T00:00:00Z");
  if (!utc) return std::nullopt;
  const auto at = *utc + days;
  // Oslo changes its offset at 01:00 UTC, so the hour before UTC midnight has the one of midnight.
  return at - oslo_offset(at - std::chrono::hours(1));
}

judged<std::optional<time_point>> day_bound(const api::query& query, std::string_view name,
                                            std::chrono::days days) {
  const auto text = given(query, name);
  if (!text) return std::optional<time_point>{};
  const auto at = midnight(*text, days);
  if (!at) return api::bad_query_value(query_object, name, *text, "java.time.LocalDate");
  return at;
}

judged<void> match_direction(storage::filter<conversation>& all, const api::query& query) {
  const auto text = given(query, "direction");
  if (!text) return {};
  for (const auto way : {direction::outgoing, direction::incoming}) {
    if (*text != to_string(way)) continue;
    also<conversation>(all, [way](const conversation& c) { return c.way == way; });
    return {};
  }
  return api::bad_query_value(query_object, "direction", *text,
                              "no.difi.meldingsutveksling.nextmove.ConversationDirection");
}

judged<storage::filter<conversation>> filter_of(const api::query& query) {
  using c = const conversation&;
  storage::filter<conversation> all;
  match_text(all, query, "conversationId", [](c r) { return r.conversation_ref.to_string(); });
  match_text(all, query, "messageId", [](c r) { return r.message.to_string(); });
  match_text(all, query, "receiver", [](c r) { return r.receiver.value_or(""); });
  match_text(all, query, "receiverIdentifier",
             [](c r) { return r.receiver_identifier.value_or(""); });
  match_text(all, query, "sender", [](c r) { return r.sender; });
  match_text(all, query, "senderIdentifier", [](c r) { return r.sender_identifier; });
  match_text(all, query, "messageReference", [](c r) { return r.message_reference; });
  match_text(all, query, "messageTitle", [](c r) { return r.message_title; });
  KP_CHECK(match_service(all, query));
  KP_CHECK(match_direction(all, query));
  KP_TRY(const auto pollable, truth(query, "pollable"));
  if (pollable) also<conversation>(all, [want = *pollable](c r) { return r.pollable == want; });
  KP_TRY(const auto finished, truth(query, "finished"));
  if (finished) also<conversation>(all, [want = *finished](c r) { return r.finished == want; });
  KP_TRY(const auto from, day_bound(query, "lastUpdateFrom", std::chrono::days(0)));
  if (from) also<conversation>(all, [at = *from](c r) { return r.last_update >= at; });
  KP_TRY(const auto until, day_bound(query, "lastUpdateTo", std::chrono::days(1)));
  if (until) also<conversation>(all, [at = *until](c r) { return r.last_update < at; });
  return all;
}

judged<boost::json::value> with_statuses(const channel_place& place, const conversation& c) {
  KP_TRY(const auto statuses, place.organisation().statuses.of_conversation(c));
  return boost::json::value(conversation_json(c, statuses));
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
  if (c.way == direction::incoming) organisation.references.remove(d.changes, c.message);
  return {};
}

}  // namespace

judged<api_answer> list_conversations(const channel_place& place, std::string_view text) {
  static const std::vector<api::sort_key> newest_first{{"lastUpdate", true}};
  const auto query = api::query::parse(text);
  const auto asked = api::parse_page_query(query);
  KP_TRY(const auto matches, filter_of(query));
  const auto scan = [&](const storage::page_request& request,
                        const storage::filter<conversation>& filter) {
    return place.organisation().conversations.list(place.number, request, filter);
  };
  KP_TRY(const auto page,
         sorted_page<conversation>(asked, newest_first, sort_properties(), matches, scan));
  KP_TRY(const auto shown, page_json(page, asked, true, [&](const conversation& c) {
           return with_statuses(place, c);
         }));
  return json_answer(shown);
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
  if (found) KP_CHECK(add_removal(d, place, *found));
  return d;
}

judged<decision> remove_conversation_of(const channel_place& place, std::string_view message) {
  decision d;
  d.answer = empty_answer();
  const auto id = to_message_id(message);
  if (!id) return d;
  for (const auto way : {direction::outgoing, direction::incoming}) {
    KP_TRY(const auto found, place.organisation().conversations.find(way, *id));
    if (found && found->channel == place.number) KP_CHECK(add_removal(d, place, *found));
  }
  return d;
}

}  // namespace kp::actors
