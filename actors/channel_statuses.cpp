#include "actors/channel_statuses.hpp"

#include "actors/channel_json.hpp"
#include "actors/channel_lists.hpp"
#include "actors/inbox_scope.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace kp::actors {

namespace {

using storage::status;

const std::vector<api::sort_key>& usual_order() {
  static const std::vector<api::sort_key> by_id{{"id", false}};
  return by_id;
}

const sortable<status>& sort_properties() {
  static const sortable<status> properties{
      {"lastUpdate", [](const status& s) { return sort_time(s.last_update); }},
      {"status", [](const status& s) { return sort_value(std::string(to_string(s.name))); }},
      {"description", [](const status& s) { return sort_value(s.description.value_or("")); }},
  };
  return properties;
}

struct wanted {
  storage::filter<status> matches;
  std::optional<std::int64_t> id;
  std::optional<message_id> message;
  bool no_message = false;  // a message id that cannot be one of ours
  std::optional<conversation_id> conversation;
  std::optional<std::pair<time_point, time_point>> between;
};

judged<wanted> wanted_of(const api::query& query) {
  using s = const status&;
  wanted out;
  query_object object(query, "messageStatusQueryInput");
  out.id = object.number("id");
  if (out.id)
    also<status>(out.matches,
                 [id = *out.id](s r) { return static_cast<std::int64_t>(r.id) == id; });
  match_text(out.matches, query, "messageId", [](s r) { return r.message.to_string(); });
  match_text(out.matches, query, "conversationId",
             [](s r) { return r.conversation_ref.to_string(); });
  match_text(out.matches, query, "status", [](s r) { return to_string(r.name); });
  const auto from = object.moment("fromDateTime");
  const auto to = object.moment("toDateTime");
  KP_CHECK(object.complete());
  if (from && to) {
    out.between.emplace(*from, *to);
    also<status>(out.matches, [from = *from, to = *to](s r) {
      return from <= r.last_update && r.last_update <= to;
    });
  }
  if (const auto text = query.find("messageId")) {
    out.message = to_message_id(*text);
    out.no_message = !out.message;
  }
  if (const auto text = query.find("conversationId"))
    if (const auto id = conversation_id::parse(*text)) out.conversation = *id;
  return out;
}

source<status> of_message(const channel_place& place, const message_id& message) {
  return {"id", [&place, message](const storage::page_request& request,
                                  const storage::filter<status>& matches) {
            return place.organisation().statuses.of_message(place.number, message, request,
                                                            matches);
          }};
}

source<status> by_update(const channel_place& place, time_point from, time_point to) {
  return {"lastUpdate", [&place, from, to](const storage::page_request& request,
                                           const storage::filter<status>& matches) {
            return place.organisation().statuses.between(place.number, from, to, request, matches);
          }};
}

source<status> all_of(const channel_place& place) {
  return {"id",
          [&place](const storage::page_request& request, const storage::filter<status>& matches) {
            return place.organisation().statuses.list(place.number, request, matches);
          }};
}

// The smallest part of the channel's statuses that an index can tell to hold all that are wanted.
judged<source<status>> source_for(const channel_place& place, const wanted& what,
                                  const api::page_query& asked) {
  const auto& organisation = place.organisation();
  if (what.no_message) return source_of<status>({});
  if (what.message) return of_message(place, *what.message);
  if (what.id) {
    KP_TRY(auto found,
           organisation.statuses.find(place.number, static_cast<storage::row_id>(*what.id)));
    std::vector<status> one;
    if (found) one.push_back(*std::move(found));
    return source_of(std::move(one));
  }
  if (what.conversation) {
    KP_TRY(const auto messages,
           organisation.conversations.of_reference(place.number, *what.conversation));
    std::vector<status> all;
    for (const auto& each : messages) {
      KP_TRY(auto its, organisation.statuses.of_conversation(each));
      std::ranges::move(its, std::back_inserter(all));
    }
    return source_of(std::move(all));
  }
  if (what.between) return by_update(place, what.between->first, what.between->second);
  if (follows(asked.sort, "lastUpdate"))
    return by_update(place, time_point::min(), time_point::max());
  return all_of(place);
}

judged<api_answer> shown(const channel_place& place, const api::page_query& asked,
                         storage::filter<status> matches, const source<status>& from,
                         std::string_view content_type) {
  if (auto visible = shown_statuses(place.view, place.organisation().conversations))
    also<status>(matches, std::move(visible));
  KP_TRY(const auto page,
         sorted_page<status>(asked, usual_order(), sort_properties(), matches, from));
  KP_TRY(const auto json, page_json(page, asked, true, status_json));
  return json_answer(json, content_type);
}

}  // namespace

judged<api_answer> list_statuses(const channel_place& place, std::string_view text) {
  const auto query = api::query::parse(text);
  const auto asked = api::parse_page_query(query);
  KP_TRY(const auto what, wanted_of(query));
  KP_TRY(const auto from, source_for(place, what, asked));
  return shown(place, asked, what.matches, from, json_type);
}

judged<api_answer> statuses_of(const channel_place& place, std::string_view message,
                               std::string_view text) {
  const auto id = to_message_id(message);
  return shown(place, api::parse_page_query(api::query::parse(text)), {},
               id ? of_message(place, *id) : source_of<status>({}),
               "application/json; charset=utf-8");
}

judged<api_answer> peek_status(const channel_place& place) {
  const auto& statuses = place.organisation().statuses;
  if (!statuses.queue().is_on(place.number)) return empty_answer(204);
  // Who is shown a part of the inbox passes over what is about the rest.
  KP_TRY(const auto queued, statuses.queue().first(place.number, place.view ? SIZE_MAX : 1));
  for (const auto id : queued) {
    KP_TRY(const auto found, statuses.find(place.number, id));
    if (!found) return api::internal(fmt::format("MessageStatus with id={} not found in DB", id));
    KP_TRY(const bool visible, shows(place.view, place.organisation().conversations, *found));
    if (visible) return json_answer(status_json(*found));
  }
  return empty_answer(204);
}

judged<decision> remove_queued_status(const channel_place& place, std::string_view text) {
  std::int64_t id = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (failed != std::errc{} || end != text.data() + text.size())
    return api::bad_path_value("id", text, "java.lang.Long");
  const auto& queue = place.organisation().statuses.queue();
  decision d;
  bool was_there = false;
  if (queue.is_on(place.number)) {
    const auto row = static_cast<storage::row_id>(id);
    bool visible = true;
    if (place.view) {
      KP_TRY(const auto found, place.organisation().statuses.find(place.number, row));
      if (found) {
        KP_TRY(visible, shows(place.view, place.organisation().conversations, *found));
      }
    }
    if (visible) {
      KP_TRY(was_there, queue.remove(d.changes, place.number, row));
    }
  }
  d.answer = empty_answer(was_there ? 200 : 404);
  return d;
}

}  // namespace kp::actors
