#include "actors/channel_json.hpp"

#include "protocol/sbd/document.hpp"

#include <boost/json/parse.hpp>

namespace kp::actors {

namespace json = boost::json;

namespace {

json::value text(std::string_view value) {
  return json::value(json::string(value));
}

void add_if(json::object& to, std::string_view name, const std::optional<std::string>& value) {
  if (value) to[name] = text(*value);
}

json::object status_in_conversation(const storage::status& s) {
  json::object out;
  out["id"] = s.id;
  out["lastUpdate"] = format_timestamp(s.last_update);
  out["status"] = text(to_string(s.name));
  add_if(out, "description", s.description);
  return out;
}

}  // namespace

json::object status_json(const storage::status& s) {
  auto out = status_in_conversation(s);
  out["convId"] = s.conversation_row;
  out["messageId"] = text(s.message.to_string());
  out["conversationId"] = text(s.conversation_ref.to_string());
  add_if(out, "rawReceipt", s.raw_receipt);
  return out;
}

json::object conversation_json(const storage::conversation& c,
                               const std::vector<storage::status>& statuses) {
  json::object out;
  out["id"] = c.id;
  out["conversationId"] = text(c.conversation_ref.to_string());
  out["messageId"] = text(c.message.to_string());
  out["sender"] = text(c.sender);
  out["senderIdentifier"] = text(c.sender_identifier);
  add_if(out, "receiver", c.receiver);
  add_if(out, "receiverIdentifier", c.receiver_identifier);
  out["processIdentifier"] = text(c.process);
  out["documentIdentifier"] = text(c.document_type);
  out["messageReference"] = text(c.message_reference);
  out["messageTitle"] = text(c.message_title);
  out["lastUpdate"] = format_timestamp(c.last_update);
  out["finished"] = c.finished;
  if (c.expires) out["expiry"] = format_timestamp(*c.expires);
  out["direction"] = text(to_string(c.way));
  out["serviceIdentifier"] = text(to_string(c.via));
  add_if(out, "externalSystemReference", c.external_system_reference);
  json::array list;
  for (const auto& s : statuses) list.push_back(status_in_conversation(s));
  out["messageStatuses"] = std::move(list);
  return out;
}

json::value sbd_json(std::string_view stored, time_point now) {
  if (const auto document = sbd::parse(stored, now)) return sbd::to_json(*document);
  boost::system::error_code failed;
  auto value = json::parse(stored, failed);
  return failed ? text(stored) : value;
}

}  // namespace kp::actors
