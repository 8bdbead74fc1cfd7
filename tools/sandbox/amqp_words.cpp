#include "tools/sandbox/amqp_words.hpp"

#include "config/text.hpp"

#include <fmt/format.h>
#include <proton/codec.h>
#include <proton/message.h>

#include <algorithm>
#include <cstring>

namespace kp::sandbox {

namespace {

constexpr std::size_t head_room = 4096;

struct owned_message {
  pn_message_t* it = pn_message();
  owned_message() = default;
  ~owned_message() { pn_message_free(it); }
  owned_message(const owned_message&) = delete;
  owned_message& operator=(const owned_message&) = delete;
  pn_data_t* body() const { return pn_message_body(it); }
};

pn_bytes_t bytes(std::string_view text) {
  return pn_bytes(text.size(), text.data());
}
std::string text_at(pn_data_t* at) {
  const auto got = pn_data_get_bytes(at);
  return got.start ? std::string(got.start, got.size) : std::string();
}
bool holds_text(pn_data_t* at) {
  const auto type = pn_data_type(at);
  return type == PN_STRING || type == PN_SYMBOL;
}

std::string rfc_text(const char* sixteen) {
  auto hex = to_hex(std::string_view(sixteen, 16));
  for (const std::size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, "-");
  return hex;
}

std::string written(const owned_message& message, std::size_t size) {
  std::string out(size + head_room, '\0');
  auto used = out.size();
  if (pn_message_encode(message.it, out.data(), &used) != 0) return {};
  out.resize(used);
  return out;
}

std::map<std::string, std::string> texts_of(pn_data_t* map, std::vector<std::string>* uuids) {
  std::map<std::string, std::string> found;
  pn_data_rewind(map);
  if (!pn_data_next(map) || pn_data_type(map) != PN_MAP || !pn_data_enter(map)) return found;
  while (pn_data_next(map)) {
    const auto name = holds_text(map) ? text_at(map) : std::string();
    if (!pn_data_next(map)) break;
    if (holds_text(map)) found[name] = text_at(map);
    if (uuids && name == "lock-tokens" && pn_data_type(map) == PN_ARRAY && pn_data_enter(map)) {
      while (pn_data_next(map))
        if (pn_data_type(map) == PN_UUID) uuids->push_back(rfc_text(pn_data_get_uuid(map).bytes));
      pn_data_exit(map);
    }
  }
  return found;
}

std::string id_text(const pn_msgid_t& id) {
  if (id.type == PN_STRING) return std::string(id.u.as_bytes.start, id.u.as_bytes.size);
  if (id.type == PN_ULONG) return std::to_string(id.u.as_ulong);
  if (id.type == PN_UUID) return rfc_text(id.u.as_uuid.bytes);
  return {};
}

std::string found_in(const std::map<std::string, std::string>& all, const std::string& name) {
  const auto found = all.find(name);
  return found == all.end() ? std::string() : found->second;
}

// The first three groups stand the other way round.
std::string swapped(std::string sixteen) {
  std::reverse(sixteen.begin(), sixteen.begin() + 4);
  std::reverse(sixteen.begin() + 4, sixteen.begin() + 6);
  std::reverse(sixteen.begin() + 6, sixteen.begin() + 8);
  return sixteen;
}

}  // namespace

std::string amqp_request::property(const std::string& name) const {
  return found_in(properties, name);
}
std::string amqp_request::argument(const std::string& name) const {
  return found_in(arguments, name);
}

std::optional<amqp_request> read_message(std::string_view from) {
  const owned_message message;
  if (pn_message_decode(message.it, from.data(), from.size()) != 0) return {};
  amqp_request out;
  out.id = id_text(pn_message_get_id(message.it));
  if (const auto* to = pn_message_get_reply_to(message.it)) out.reply_to = to;
  if (const auto* type = pn_message_get_content_type(message.it)) out.content_type = type;
  out.properties = texts_of(pn_message_properties(message.it), nullptr);
  auto* const body = message.body();
  pn_data_rewind(body);
  if (!pn_data_next(body)) return out;
  if (pn_data_type(body) == PN_BINARY) out.body = text_at(body);
  if (holds_text(body)) out.text = text_at(body);
  if (pn_data_type(body) == PN_MAP) out.arguments = texts_of(body, &out.lock_tokens);
  return out;
}

std::string write_reply(const amqp_reply& reply) {
  const owned_message message;
  pn_msgid_t id;
  id.type = PN_STRING;
  id.u.as_bytes = bytes(reply.id);
  pn_message_set_correlation_id(message.it, id);
  auto* const members = pn_message_properties(message.it);
  pn_data_put_map(members);
  pn_data_enter(members);
  pn_data_put_string(members, bytes(reply.claims ? "status-code" : "statusCode"));
  pn_data_put_int(members, reply.status);
  pn_data_put_string(members, bytes(reply.claims ? "status-description" : "statusDescription"));
  pn_data_put_string(members, bytes(reply.description));
  if (!reply.condition.empty()) {
    pn_data_put_string(members, bytes("errorCondition"));
    pn_data_put_symbol(members, bytes(reply.condition));
  }
  pn_data_exit(members);
  if (!reply.expirations_ms.empty()) {
    auto* const body = message.body();
    pn_data_put_map(body);
    pn_data_enter(body);
    pn_data_put_string(body, bytes("expirations"));
    pn_data_put_array(body, false, PN_TIMESTAMP);
    pn_data_enter(body);
    for (const auto at : reply.expirations_ms) pn_data_put_timestamp(body, at);
    pn_data_exit(body);
    pn_data_exit(body);
  }
  return written(message, reply.description.size());
}

std::string write_message(const amqp_message& from) {
  const owned_message message;
  pn_message_set_inferred(message.it, true);
  pn_message_set_durable(message.it, true);
  pn_message_set_delivery_count(message.it, from.deliveries - 1);
  pn_msgid_t id;
  id.type = PN_STRING;
  id.u.as_bytes = bytes(from.id);
  pn_message_set_id(message.it, id);
  if (!from.content_type.empty())
    pn_message_set_content_type(message.it, from.content_type.c_str());
  auto* const notes = pn_message_annotations(message.it);
  pn_data_put_map(notes);
  pn_data_enter(notes);
  pn_data_put_symbol(notes, bytes("x-opt-enqueued-time"));
  pn_data_put_timestamp(notes, from.enqueued_ms);
  pn_data_put_symbol(notes, bytes("x-opt-sequence-number"));
  pn_data_put_long(notes, static_cast<std::int64_t>(from.sequence));
  pn_data_put_symbol(notes, bytes("x-opt-locked-until"));
  pn_data_put_timestamp(notes, from.locked_until_ms);
  pn_data_exit(notes);
  pn_data_put_binary(message.body(), bytes(from.body));
  return written(message, from.body.size());
}

std::string guid_bytes(std::string_view uuid) {
  std::string hex(uuid);
  std::erase(hex, '-');
  const auto sixteen = from_hex(hex);
  return sixteen && sixteen->size() == 16 ? swapped(*sixteen) : std::string();
}

std::string guid_text(std::string_view sixteen) {
  return sixteen.size() == 16 ? rfc_text(swapped(std::string(sixteen)).data()) : std::string();
}

bool is_claimed(const std::set<std::string>& claimed, std::string_view node) {
  const auto wanted = to_lower(node);
  return std::ranges::any_of(claimed, [&](const std::string& each) {
    return wanted.starts_with(each) && (wanted.size() == each.size() || wanted[each.size()] == '/');
  });
}

}  // namespace kp::sandbox
