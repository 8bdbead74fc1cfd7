#include "actors/channel_statuses.hpp"

#include "actors/channel_json.hpp"
#include "actors/channel_lists.hpp"

#include <charconv>

namespace kp::actors {

namespace {

using storage::status;

constexpr std::string_view query_object = "messageStatusQueryInput";

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

std::optional<std::string> given(const api::query& query, std::string_view name) {
  auto value = query.find(name);
  return value && !value->empty() ? value : std::nullopt;
}

judged<std::optional<time_point>> moment(const api::query& query, std::string_view name) {
  const auto text = given(query, name);
  if (!text) return std::optional<time_point>{};
  const auto at = parse_timestamp_with_offset(*text);
  if (!at) return api::bad_query_value(query_object, name, *text, "java.time.OffsetDateTime");
  return at;
}

judged<storage::filter<status>> filter_of(const api::query& query) {
  storage::filter<status> all;
  if (const auto text = given(query, "id")) {
    storage::row_id id = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), id);
    if (failed != std::errc{} || end != text->data() + text->size())
      return api::bad_query_value(query_object, "id", *text, "java.lang.Long");
    also<status>(all, [id](const status& s) { return s.id == id; });
  }
  match_text(all, query, "messageId", [](const status& s) { return s.message.to_string(); });
  match_text(all, query, "conversationId",
             [](const status& s) { return s.conversation_ref.to_string(); });
  match_text(all, query, "status", [](const status& s) { return to_string(s.name); });
  KP_TRY(const auto from, moment(query, "fromDateTime"));
  KP_TRY(const auto to, moment(query, "toDateTime"));
  if (from && to)
    also<status>(all, [from = *from, to = *to](const status& s) {
      return from <= s.last_update && s.last_update <= to;
    });
  return all;
}

template <class Scan>
judged<api_answer> shown(const api::page_query& asked, const storage::filter<status>& matches,
                         Scan scan, std::string_view content_type) {
  KP_TRY(const auto page,
         sorted_page<status>(asked, usual_order(), sort_properties(), matches, scan));
  KP_TRY(const auto json, page_json(page, asked, true, status_json));
  return json_answer(json, content_type);
}

}  // namespace

judged<api_answer> list_statuses(const channel_place& place, std::string_view text) {
  const auto query = api::query::parse(text);
  KP_TRY(const auto matches, filter_of(query));
  const auto scan = [&](const storage::page_request& request,
                        const storage::filter<status>& filter) {
    return place.organisation().statuses.list(place.number, request, filter);
  };
  return shown(api::parse_page_query(query), matches, scan, json_type);
}

judged<api_answer> statuses_of(const channel_place& place, std::string_view message,
                               std::string_view text) {
  const auto id = to_message_id(message);
  const auto scan = [&](const storage::page_request& request,
                        const storage::filter<status>& filter) -> result<storage::page<status>> {
    if (!id) return storage::page<status>{};
    return place.organisation().statuses.of_message(place.number, *id, request, filter);
  };
  return shown(api::parse_page_query(api::query::parse(text)), {}, scan,
               "application/json; charset=utf-8");
}

}  // namespace kp::actors
