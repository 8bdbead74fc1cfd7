#include "actors/alert_letter.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace kp::actors {

namespace json = boost::json;

namespace {

using storage::alert;
using storage::alert_kind;

bool is_of_messages(const alert& what) {
  return what.kind == alert_kind::failed || what.kind == alert_kind::expired;
}

std::string what_happened(const alert& what) {
  const auto messages =
      what.count == 1 ? std::string("a message") : fmt::format("{} messages", what.count);
  switch (what.kind) {
    case alert_kind::failed:
      return messages + " got the status FEIL";
    case alert_kind::expired:
      return messages + " got the status LEVETID_UTLOPT";
    case alert_kind::silence:
      return "messages are sent and none is delivered since " + format_timestamp(what.since);
    case alert_kind::silence_ended:
      return "messages are delivered again; none was since " + format_timestamp(what.since);
    case alert_kind::parked:
      return "a delivery cannot be received and is parked";
  }
  return {};
}

json::array ids_of(const alert& what) {
  json::array ids;
  for (const auto& each : what.messages) ids.emplace_back(each);
  return ids;
}

json::object describe(const alert& what) {
  json::object out;
  out["kind"] = to_string(what.kind);
  out["at"] = format_timestamp(what.at);
  out["organisation"] = what.organisation.to_string();
  out["service"] = to_string(what.via);
  out["text"] = sentence_of(what);
  if (what.kind == alert_kind::parked) {
    out["parked"] = ids_of(what);
    out["description"] = what.description;
    return out;
  }
  if (!is_of_messages(what)) {
    out["since"] = format_timestamp(what.since);
    return out;
  }
  out["direction"] = to_string(what.way);
  out["count"] = what.count;
  out["messageIds"] = ids_of(what);
  if (!what.description.empty()) out["description"] = what.description;
  return out;
}

}  // namespace

std::string sentence_of(const alert& what) {
  auto text = fmt::format("{} {}: {}", what.organisation.to_string(), to_string(what.via),
                          what_happened(what));
  if (!what.description.empty()) text += fmt::format(" ({})", what.description);
  return text;
}

std::string alert_body(const std::vector<storage::alerts::entry>& all, time_point created) {
  json::array list;
  for (const auto& each : all) list.push_back(describe(each.what));
  json::object body;
  body["createdTs"] = format_timestamp(created);
  body["event"] = "alert";
  body["alerts"] = std::move(list);
  return json::serialize(body);
}

std::string alert_subject(const std::vector<storage::alerts::entry>& all) {
  return all.size() == 1 ? "Knutepunkt: " + all.front().what.organisation.to_string() + " " +
                               std::string(to_string(all.front().what.via)) + " " +
                               std::string(to_string(all.front().what.kind))
                         : fmt::format("Knutepunkt: {} alerts", all.size());
}

std::string alert_text(const std::vector<storage::alerts::entry>& all) {
  std::string text;
  for (const auto& each : all) {
    text += fmt::format("{}  {}\r\n", format_timestamp(each.what.at), sentence_of(each.what));
    const auto* const called = each.what.kind == alert_kind::parked ? "parked" : "message";
    for (const auto& id : each.what.messages) text += fmt::format("    {} {}\r\n", called, id);
    if (each.what.count > each.what.messages.size() && !each.what.messages.empty())
      text += fmt::format("    and {} more\r\n", each.what.count - each.what.messages.size());
  }
  return text;
}

}  // namespace kp::actors
