#include "tools/kpctl/tables.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <vector>

namespace kp::ctl {

namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  if (const auto* list = value.if_array()) {
    std::string all;
    for (const auto& one : *list) all += (all.empty() ? "" : " ") + text_of(one);
    return all;
  }
  return value.is_null() ? "" : json::serialize(value);
}

std::string member(const json::value& of, std::string_view name) {
  const auto* object = of.if_object();
  const auto* found = object ? object->if_contains(name) : nullptr;
  return found ? text_of(*found) : "";
}

const json::array& list(const json::value& of, std::string_view name) {
  static const json::array none;
  const auto* object = of.if_object();
  const auto* found = object ? object->if_contains(name) : nullptr;
  const auto* all = found ? found->if_array() : nullptr;
  return all ? *all : none;
}

// Letters, not bytes: names have æ, ø and å in them.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

struct column {
  const char* title;
  const char* name;
};

std::string table(const std::vector<column>& columns, const json::array& rows) {
  std::vector<std::vector<std::string>> cells(1);
  for (const auto& each : columns) cells[0].emplace_back(each.title);
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (const auto& each : columns) line.push_back(member(row, each.name));
  }
  std::string out;
  std::vector<std::size_t> widths(columns.size(), 0);
  for (const auto& line : cells)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  for (const auto& line : cells) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - width(line[i]) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

void tree(const json::value& value, std::size_t depth, std::string& out) {
  const std::string indent(2 * depth, ' ');
  const auto* object = value.if_object();
  if (!object) {
    out += indent + text_of(value) + "\n";
    return;
  }
  for (const auto& [name, its] : *object) {
    const auto* items = its.if_array();
    const bool plain =
        !its.is_object() &&
        !(items && std::ranges::any_of(*items, [](const auto& i) { return i.is_object(); }));
    out += fmt::format("{}{}:", indent, std::string_view(name));
    if (plain) {
      out += " " + text_of(its) + "\n";
      continue;
    }
    out += "\n";
    if (!items) {
      tree(its, depth + 1, out);
      continue;
    }
    for (const auto& item : *items) tree(item, depth + 1, out);
  }
}

}  // namespace

std::string show_organisations(const json::value& all) {
  return table({{"NUMBER", "number"},
                {"STATUS", "status"},
                {"CHANNELS", "channels"},
                {"PAUSED", "paused"},
                {"NAME", "name"}},
               list(all, "organisations"));
}

std::string show_channels(const json::value& all) {
  return table({{"CHANNEL", "name"},
                {"SENDS", "sends"},
                {"RECEIVES", "receives"},
                {"REFERENCE", "messageChannel"},
                {"OUT", "outgoing"},
                {"IN", "inbox"},
                {"CREDENTIALS", "credentials"}},
               list(all, "channels"));
}

std::string show_queues(const json::value& all) {
  std::string out = fmt::format("Received and waiting: {}, locked by clients: {}\n",
                                member(all, "inboundWaiting"), member(all, "inboundLocked"));
  const auto& items = list(all, "items");
  if (items.empty()) return out + "Nothing is to be sent.\n";
  return out + table({{"SERVICE", "service"},
                      {"KIND", "kind"},
                      {"MESSAGE", "messageId"},
                      {"CHANNEL", "channel"},
                      {"FAILED", "failedAttempts"},
                      {"NEXT ATTEMPT", "nextAttempt"},
                      {"LAST ERROR", "lastError"}},
                     items);
}

std::string show_messages(const json::value& all) {
  const auto& rows = list(all, "messages");
  const bool failed = member(all, "state") == "failed";
  if (member(all, "total") == "0")
    return failed ? "Nothing has failed.\n" : "Nothing is queued there.\n";
  std::vector<column> columns{{"STATE", "state"},
                              {"SERVICE", "service"},
                              {"KIND", "kind"},
                              {"MESSAGE", "messageId"},
                              {"CHANNEL", "channel"}};
  if (failed)
    columns.insert(columns.end(), {{"STATUS", "status"}, {"ENDED", "ended"}});
  else
    columns.insert(
        columns.end(),
        {{"FAILED", "failedAttempts"}, {"NEXT ATTEMPT", "nextAttempt"}, {"PARKED BY", "parkedBy"}});
  columns.push_back({"LAST ERROR", "lastError"});
  return table(columns, rows) +
         fmt::format("{} of {}, page {}\n", rows.size(), member(all, "total"), member(all, "page"));
}

std::string show_message_changed(const json::value& done) {
  return fmt::format("{} of {} {}\n", member(done, "messageId"), member(done, "organisation"),
                     member(done, "outcome"));
}

namespace {

const std::vector<column> service_columns{{"SERVICE", "service"}, {"ENABLED", "enabled"},
                                          {"SENDING", "sending"}, {"RECEIVING", "receiving"},
                                          {"SINCE", "since"},     {"BY", "by"},
                                          {"REASON", "reason"}};

}  // namespace

std::string show_services(const json::value& all) {
  return table(service_columns, list(all, "services"));
}

std::string show_service(const json::value& one) {
  return table(service_columns, json::array{one});
}

std::string show_webhooks(const json::value& all) {
  const auto& rows = list(all, "subscriptions");
  if (rows.empty()) return "No channel has a subscription.\n";
  return table({{"ID", "id"},
                {"CHANNEL", "channel"},
                {"NAME", "name"},
                {"ENDPOINT", "endpoint"},
                {"STATE", "state"},
                {"PARKED", "parked"},
                {"DEAD", "dead"},
                {"LAST ERROR", "lastError"}},
               rows);
}

std::string show_statistics(const json::value& all) {
  const auto& rows = list(all, "statistics");
  const auto span = member(all, "from") + " to " + member(all, "to") + "\n";
  if (rows.empty()) return span + "Nothing happened.\n";
  std::vector<column> columns{{"ORGANISATION", "organisation"}};
  if (!member(rows.front(), "time").empty()) columns.push_back({"TIME", "time"});
  columns.push_back({"SERVICE", "service"});
  columns.push_back({"DIRECTION", "direction"});
  // A column for each status that there is, in the order of a message's life.
  json::array flat;
  for (const auto& row : rows) {
    auto& one = flat.emplace_back(row).as_object();
    const auto statuses = one["statuses"];
    if (const auto* its = statuses.if_object())
      for (const auto& [name, count] : *its) one[name] = count;
  }
  for (const auto* name : {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST", "INNKOMMENDE_MOTTATT",
                           "INNKOMMENDE_LEVERT", "FEIL", "LEVETID_UTLOPT", "ANNET"})
    if (std::ranges::any_of(flat, [&](const auto& row) { return !member(row, name).empty(); }))
      columns.push_back({name, name});
  return span + table(columns, flat);
}

std::string show_reports(const json::value& all) {
  auto out = "Waiting: " + member(all, "waiting");
  if (const auto since = member(all, "oldest"); !since.empty()) out += ", since " + since;
  out += "\n";
  const auto& refused = list(all, "refused");
  if (refused.empty()) return out;
  return out + "\nRefused by the status service:\n" +
         table({{"MESSAGE", "messageId"},
                {"STATUS", "status"},
                {"SERVICE", "service"},
                {"REFUSED", "refusedAt"},
                {"WHY", "why"}},
               refused);
}

std::string show_seats(const json::value& all) {
  return table({{"SERVICE", "service"},
                {"RECEIVES", "holder"},
                {"IN THE FILE", "configured"},
                {"EXTERNAL", "external"},
                {"FENCE", "fence"},
                {"MOVED", "movedAt"},
                {"BY", "movedBy"}},
               list(all, "seats"));
}

std::string show_seat_moved(const json::value& done) {
  const auto from = member(done, "from"), to = member(done, "to");
  const auto what = fmt::format("{} of {}", member(done, "service"), member(done, "organisation"));
  if (from == to)
    return fmt::format("{}: channel {} receives already (fence {})\n", what, to,
                       member(done, "fence"));
  return fmt::format("{}: channel {} receives now, instead of {} (fence {})\n", what, to,
                     from.empty() ? "nobody" : "channel " + from, member(done, "fence"));
}

std::string show_message(const json::value& story) {
  std::string out =
      fmt::format("{}\n{}\n", member(story, "messageId"), member(story, "explanation"));
  for (const auto& c : list(story, "conversations")) {
    out += fmt::format("\n{} {} by channel {}, from {} to {}\n", member(c, "direction"),
                       member(c, "service"), member(c, "channel"), member(c, "sender"),
                       member(c, "receiver"));
    out += table({{"AT", "at"}, {"STATUS", "status"}, {"DESCRIPTION", "description"}},
                 list(c, "statuses"));
  }
  if (const auto& items = list(story, "outbox"); !items.empty())
    out += "\nTo be sent\n" + table({{"KIND", "kind"},
                                     {"FAILED", "failedAttempts"},
                                     {"NEXT ATTEMPT", "nextAttempt"},
                                     {"EXPIRES", "expires"},
                                     {"PARKED BY", "parkedBy"},
                                     {"LAST ERROR", "lastError"}},
                                    items);
  for (const auto* part : {"outgoing", "inbound"})
    if (const auto* its = story.as_object().if_contains(part)) {
      out += fmt::format("\n{}\n", part);
      tree(*its, 1, out);
    }
  return out;
}

std::string show_probe(const json::value& report) {
  std::string out =
      fmt::format("{} ({})\n", member(report, "name"), member(report, "organisation"));
  for (const auto& one : list(report, "findings")) {
    const auto state = member(one, "state");
    out += fmt::format("  {:<9}  {:<22}  {}\n", state == "missing" ? "MISSING" : state,
                       member(one, "part"), member(one, "text"));
    if (const auto remedy = member(one, "remedy"); !remedy.empty())
      out += fmt::format("  {:<9}  {:<22}  -> {}\n", "", "", remedy);
  }
  return out + (member(report, "ready") == "true" ? "Nothing is missing.\n"
                                                  : "Something is missing: see above.\n");
}

std::string show_added(const json::value& report) {
  auto out = show_probe(report);
  if (member(report, "added") != "true")
    return out + "Nothing was added; --anyway adds it as it is.\n";
  out += fmt::format("Added: {}\n", member(report, "file"));
  out += "Its users; the passwords are shown this once:\n";
  return out + table({{"USER", "user"}, {"PASSWORD", "password"}}, list(report, "users"));
}

std::string show_tree(const json::value& value) {
  std::string out;
  tree(value, 0, out);
  return out;
}

}  // namespace kp::ctl
