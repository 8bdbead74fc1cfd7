#include "admin/message_story.hpp"

#include "storage/keys.hpp"
#include "storage/lease.hpp"
#include "storage/operator_marks.hpp"
#include "storage/repositories.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

namespace kp::admin {

namespace {

namespace json = boost::json;
using namespace storage;

template <class T>
void tell_optional(json::object& into, std::string_view name, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_same_v<T, time_point>)
    into[name] = format_timestamp(*value);
  else
    into[name] = *value;
}

result<json::object> tell_conversation(const engine& store, organisation_id organisation,
                                       const conversation& c, const channel_namer& name_of) {
  json::object out{{"direction", to_string(c.way)},
                   {"service", to_string(c.via)},
                   {"channel", name_of(c.channel)},
                   {"conversationId", c.conversation_ref.to_string()},
                   {"sender", c.sender_identifier},
                   {"process", c.process},
                   {"documentType", c.document_type},
                   {"finished", c.finished},
                   {"lastUpdate", format_timestamp(c.last_update)}};
  // A receiver of DPI is a person, whose number is shown nowhere.
  if (c.via != service::dpi) tell_optional(out, "receiver", c.receiver_identifier);
  tell_optional(out, "expires", c.expires);
  const statuses rows(store, organisation);
  KP_TRY(const auto all, rows.of_conversation(c));
  json::array told;
  for (const auto& row : all) {
    json::object one{{"status", to_string(row.name)}, {"at", format_timestamp(row.last_update)}};
    tell_optional(one, "description", row.description);
    told.push_back(std::move(one));
  }
  out["statuses"] = std::move(told);
  return out;
}

json::object tell_outgoing(const outgoing_message& m, const channel_namer& name_of) {
  json::array files;
  for (const auto& file : m.files)
    files.push_back(
        {{"filename", file.filename}, {"mimeType", file.mime_type}, {"size", file.content.size}});
  return {{"channel", name_of(m.channel)},
          {"service", to_string(m.via)},
          {"type", m.type},
          {"sentByClient", m.queued},
          {"lastUpdate", format_timestamp(m.last_updated)},
          {"expires", format_timestamp(m.expires)},
          {"files", std::move(files)}};
}

json::object tell_inbound(const inbound_message& m, const std::optional<lease>& lock,
                          const channel_namer& name_of) {
  json::object out{{"channel", name_of(m.channel)},
                   {"service", to_string(m.via)},
                   {"type", m.type},
                   {"sender", m.sender_identifier},
                   {"lastUpdate", format_timestamp(m.last_updated)},
                   {"readable", m.state != content_state::unreadable}};
  tell_optional(out, "expires", m.expires);
  if (lock) out["lockedUntil"] = format_timestamp(lock->expires);
  return out;
}

// What one needs for a sentence.
struct known {
  std::optional<outgoing_message> outgoing;
  std::optional<inbound_message> inbound;
  std::optional<lease> lock;
  struct queued {
    outbox_item item;
    std::optional<parked_mark> parked;
    std::optional<service_pause> pause;  // of its service
    bool being_sent = false;
  };
  std::vector<queued> items;
  std::optional<conversation> sent, received;
};

std::string because(const std::string& reason) {
  return reason.empty() ? std::string() : fmt::format(" ({})", reason);
}

std::string explain_item(const known::queued& queued, time_point now) {
  const auto& item = queued.item;
  const std::string_view what = item.kind == outbox_kind::message ? "message" : "status";
  if (queued.being_sent) return fmt::format("The {} is being sent now.", what);
  if (queued.parked)
    return fmt::format(
        "The {} has been parked by {} since {}{}; nothing is tried until it is "
        "unparked, or its lifetime has passed.",
        what, queued.parked->by, format_timestamp(queued.parked->at),
        because(queued.parked->reason));
  if (queued.pause && queued.pause->sending)
    return fmt::format(
        "Sending by {} has been paused by {} since {}{}; the {} waits until it is "
        "resumed.",
        to_string(item.via), queued.pause->by, format_timestamp(queued.pause->at),
        because(queued.pause->reason), what);
  if (item.attempts == 0) return fmt::format("The {} waits for its first attempt.", what);
  const auto tries = item.attempts == 1 ? "One attempt" : fmt::format("{} attempts", item.attempts);
  return fmt::format("{} to send the {} failed, the last with: {}. The next is {}.", tries, what,
                     item.last_error,
                     item.due <= now ? "due now" : "at " + format_timestamp(item.due));
}

std::string explain(const known& all, const channel_namer& name_of, time_point now) {
  for (const auto& item : all.items)
    if (item.item.kind == outbox_kind::message) return explain_item(item, now);
  if (all.outgoing && !all.outgoing->queued)
    return fmt::format("The client of channel {} has created it and not sent it yet.",
                       name_of(all.outgoing->channel));
  if (all.inbound && all.lock)
    return fmt::format("A client of channel {} has locked it until {} and not deleted it yet.",
                       name_of(all.inbound->channel), format_timestamp(all.lock->expires));
  if (all.inbound)
    return fmt::format("It waits for a client of channel {} to fetch it.",
                       name_of(all.inbound->channel));
  if (!all.items.empty()) return explain_item(all.items.front(), now);
  const auto& c = all.sent ? all.sent : all.received;
  if (c && c->finished) return "It has come to its end.";
  return "It has been sent; the receiver has not confirmed it yet.";
}

result<bool> is_being_sent(const engine& store, organisation_id organisation,
                           const outbox_item& item, time_point now) {
  const auto key = key_builder(organisation, record_kind::outbox_claim)
                       .u8(static_cast<std::uint8_t>(item.via))
                       .u64(item.id)
                       .str();
  KP_TRY(const auto claim, read_lease(store, key));
  return claim && claim->held_at(now);
}

result<std::vector<known::queued>> find_items(const engine& store, organisation_id organisation,
                                              const message_id& message, time_point now) {
  std::vector<known::queued> all;
  const service_pauses pauses(store, organisation);
  for (const auto via : all_services) {
    const outbox out(store, organisation, via);
    const parked_items marks(store, organisation, via);
    KP_TRY(const auto rows, out.of_message(message));
    for (const auto row : rows) {
      KP_TRY(auto item, out.find(row));
      if (!item) continue;
      known::queued one{*std::move(item), {}, {}, false};
      KP_TRY(one.parked, marks.find(row));
      KP_TRY(one.pause, pauses.find(via));
      KP_TRY(one.being_sent, is_being_sent(store, organisation, one.item, now));
      all.push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace

result<json::object> tell(const engine& store, organisation_id organisation,
                          const outbox_item& item, const channel_namer& name_of, time_point now) {
  json::object out{{"id", item.id},
                   {"messageId", item.message.to_string()},
                   {"kind", item.kind == outbox_kind::message ? "message" : "status"},
                   {"service", to_string(item.via)},
                   {"channel", name_of(item.channel)},
                   {"failedAttempts", item.attempts},
                   {"queued", format_timestamp(item.queued)},
                   {"nextAttempt", format_timestamp(item.due)}};
  tell_optional(out, "expires", item.expires);
  if (!item.last_error.empty()) out["lastError"] = item.last_error;
  KP_TRY(const bool being_sent, is_being_sent(store, organisation, item, now));
  out["beingSent"] = being_sent;
  KP_TRY(const auto parked, parked_items(store, organisation, item.via).find(item.id));
  if (parked) {
    out["parkedAt"] = format_timestamp(parked->at);
    out["parkedBy"] = parked->by;
    if (!parked->reason.empty()) out["parkedBecause"] = parked->reason;
    out.erase("nextAttempt");
  }
  out["state"] = being_sent          ? "sending"
                 : parked            ? "parked"
                 : item.attempts > 0 ? "retrying"
                                     : "waiting";
  return out;
}

result<channel_namer> read_channel_names(const engine& store, organisation_id organisation) {
  const channel_registry registry(store, organisation);
  KP_TRY(const auto all, registry.all());
  auto names = std::make_shared<std::map<channel_number, std::string>>();
  for (const auto& entry : all) names->emplace(entry.number, entry.name.to_string());
  return channel_namer([names](channel_number number) {
    const auto found = names->find(number);
    return found == names->end() ? std::string() : found->second;
  });
}

result<std::optional<json::object>> tell_story(const engine& store, organisation_id organisation,
                                               const message_id& message,
                                               const channel_namer& name_of, time_point now) {
  const outgoing_messages outgoing(store, organisation);
  const inbox incoming(store, organisation);
  const conversations talks(store, organisation);
  known all;
  KP_TRY(const auto owner, outgoing.owner(message));
  if (owner) {
    KP_TRY(all.outgoing, outgoing.find(*owner, message));
  }
  KP_TRY(all.inbound, incoming.find(message));
  if (all.inbound) {
    KP_TRY(all.lock, incoming.lock_of(message));
  }
  KP_TRY(all.items, find_items(store, organisation, message, now));
  KP_TRY(all.sent, talks.find(direction::outgoing, message));
  KP_TRY(all.received, talks.find(direction::incoming, message));
  if (!all.outgoing && !all.inbound && all.items.empty() && !all.sent && !all.received)
    return std::optional<json::object>();

  json::object story{{"messageId", message.to_string()},
                     {"explanation", explain(all, name_of, now)}};
  json::array told;
  for (const auto* c : {&all.sent, &all.received}) {
    if (!*c) continue;
    KP_TRY(auto one, tell_conversation(store, organisation, **c, name_of));
    told.push_back(std::move(one));
  }
  story["conversations"] = std::move(told);
  json::array items;
  for (const auto& queued : all.items) {
    KP_TRY(auto one, tell(store, organisation, queued.item, name_of, now));
    items.push_back(std::move(one));
  }
  story["outbox"] = std::move(items);
  if (all.outgoing) story["outgoing"] = tell_outgoing(*all.outgoing, name_of);
  if (all.inbound) story["inbound"] = tell_inbound(*all.inbound, all.lock, name_of);
  return std::optional(std::move(story));
}

}  // namespace kp::admin
