#include "actors/event_json.hpp"

namespace kp::actors {

std::string_view event_name(storage::event_kind kind) {
  return kind == storage::event_kind::status ? "status" : "arrival";
}

boost::json::object event_json(const storage::channel_event& event) {
  const auto at = format_timestamp(event.at);
  boost::json::object out{{"createdTs", at},
                          {"resource", "messages"},
                          {"event", event_name(event.kind)},
                          {"messageId", event.message.to_string()},
                          {"conversationId", event.conversation.to_string()},
                          {"direction", to_string(event.way)}};
  if (event.via != service::unknown) out["serviceIdentifier"] = to_string(event.via);
  if (event.kind == storage::event_kind::status) {
    out["status"] = storage::to_string(event.name);
    if (event.description) out["description"] = *event.description;
    out["id"] = event.status_row;
    out["convId"] = event.conversation_row;
    out["lastUpdate"] = at;
    return out;
  }
  out["senderIdentifier"] = event.sender;
  out["receiverIdentifier"] = event.receiver;
  out["process"] = event.process;
  out["type"] = event.type;
  return out;
}

}  // namespace kp::actors
