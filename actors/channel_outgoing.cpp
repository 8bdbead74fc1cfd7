#include "actors/channel_outgoing.hpp"

#include "actors/channel_json.hpp"
#include "actors/channel_lists.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

using message = storage::outgoing_message;
using text_of = std::string (*)(const message&);

const std::map<std::string_view, text_of, std::less<>>& text_properties() {
  static const std::map<std::string_view, text_of, std::less<>> properties{
      {"id", [](const message& m) { return std::to_string(m.id); }},
      {"conversationId", [](const message& m) { return m.conversation.to_string(); }},
      {"messageId", [](const message& m) { return m.message.to_string(); }},
      {"processIdentifier", [](const message& m) { return m.process; }},
      {"receiverIdentifier", [](const message& m) { return m.receiver_identifier; }},
      {"senderIdentifier", [](const message& m) { return m.sender_identifier; }},
      {"serviceIdentifier", [](const message& m) { return std::string(to_string(m.via)); }},
  };
  return properties;
}

sortable<message> sort_properties() {
  sortable<message> properties;
  for (const auto& [name, of] : text_properties())
    if (name != "id")
      properties[name] = [get = of](const message& m) { return sort_value(get(m)); };
  properties["lastUpdated"] = [](const message& m) { return sort_time(m.last_updated); };
  return properties;
}

// As unknown_service, in the words of this endpoint.
api::problem unconvertible(std::string_view value, std::string_view java_type) {
  api::problem problem;
  problem.status = 400;
  problem.exception = "org.springframework.core.convert.ConversionFailedException";
  problem.message =
      fmt::format("Failed to convert from type [java.lang.String] to type [{}] for value [{}]",
                  java_type, value);
  return problem;
}

judged<void> check_value(std::string_view property, const std::string& value) {
  if (property == "serviceIdentifier" && !parse_api_service(value))
    return unconvertible(value, "no.difi.meldingsutveksling.ServiceIdentifier");
  const bool digits = value.find_first_not_of("0123456789") == std::string::npos;
  if (property == "id" && !digits) return unconvertible(value, "java.lang.Long");
  return {};
}

// A repeated parameter means any of its values; an empty value is none (6.6).
judged<storage::filter<message>> filter_of(const api::query& query) {
  storage::filter<message> all;
  for (const auto& [name, of] : text_properties()) {
    auto wanted = query.all(name);
    std::erase_if(wanted, [](const std::string& value) { return value.empty(); });
    if (wanted.empty()) continue;
    for (const auto& value : wanted) KP_CHECK(check_value(name, value));
    also<message>(all, [wanted = std::move(wanted), get = of](const message& m) {
      return std::ranges::find(wanted, get(m)) != wanted.end();
    });
  }
  return all;
}

}  // namespace

judged<api_answer> list_outgoing(const channel_place& place, std::string_view text) {
  const auto query = api::query::parse(text);
  const auto asked = api::parse_page_query(query);
  KP_TRY(const auto matches, filter_of(query));
  const auto scan = [&](const storage::page_request& request,
                        const storage::filter<message>& filter) {
    return place.organisation().messages.list(place.number, request, filter);
  };
  KP_TRY(const auto page,
         sorted_page<message>(asked, {}, sort_properties(), matches, source<message>{"id", scan}));
  const auto now = place.now();
  KP_TRY(const auto shown, page_json(page, asked, !asked.sort.empty(),
                                     [&](const message& m) { return sbd_json(m.sbd, now); }));
  return json_answer(shown);
}

judged<api_answer> find_outgoing(const channel_place& place, std::string_view id) {
  const auto parsed = to_message_id(id);
  if (!parsed) return api::message_not_found(id);
  KP_TRY(const auto found, place.organisation().messages.find(place.number, *parsed));
  if (!found) return api::message_not_found(id);
  return json_answer(sbd_json(found->sbd, place.now()));
}

}  // namespace kp::actors
