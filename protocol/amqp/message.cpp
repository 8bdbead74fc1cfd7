#include "protocol/amqp/message.hpp"

#include "protocol/amqp/proton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kp::amqp {

namespace {

constexpr std::size_t uuid_bytes = 16;
// Where each byte of a UUID stands in .NET's Guid, and the other way round.
constexpr std::array<std::size_t, uuid_bytes> dotnet_order{3, 2, 1,  0,  5,  4,  7,  6,
                                                           8, 9, 10, 11, 12, 13, 14, 15};

error not_understood(std::string_view what) {
  return transient(amqp_errc::bad_answer, fmt::format("AMQP: {}", what));
}

std::optional<std::string> uuid_from_text(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != '-') digits += c;
  if (text.size() != 36 || digits.size() != 2 * uuid_bytes) return {};
  std::string bytes;
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    unsigned value = 0;
    for (const char c : {digits[at], digits[at + 1]}) {
      if (c >= '0' && c <= '9')
        value = value * 16 + static_cast<unsigned>(c - '0');
      else if (c >= 'a' && c <= 'f')
        value = value * 16 + static_cast<unsigned>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        value = value * 16 + static_cast<unsigned>(c - 'A' + 10);
      else
        return {};
    }
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::string uuid_to_text(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
  }
  return out;
}

std::string reordered(std::string_view bytes) {
  std::string out(uuid_bytes, '\0');
  for (std::size_t i = 0; i < uuid_bytes; ++i) out[i] = bytes[dotnet_order[i]];
  return out;
}

std::string uuid_of(pn_uuid_t value) {
  return uuid_to_text(std::string_view(value.bytes, uuid_bytes));
}

std::string id_of(const pn_msgid_t& id) {
  switch (id.type) {
    case PN_STRING:
    case PN_BINARY:
      return std::string(to_view(id.u.as_bytes));
    case PN_ULONG:
      return std::to_string(id.u.as_ulong);
    case PN_UUID:
      return uuid_of(id.u.as_uuid);
    default:
      return {};
  }
}

void set_id(pn_message_t* message, const std::string& id) {
  pn_msgid_t value;
  value.type = PN_STRING;
  value.u.as_bytes = to_pn(id);
  pn_message_set_id(message, value);
}

std::optional<std::int64_t> integer(pn_data_t* at) {
  switch (pn_data_type(at)) {
    case PN_LONG:
      return pn_data_get_long(at);
    case PN_ULONG:
      return static_cast<std::int64_t>(pn_data_get_ulong(at));
    case PN_INT:
      return pn_data_get_int(at);
    case PN_UINT:
      return pn_data_get_uint(at);
    case PN_SHORT:
      return pn_data_get_short(at);
    case PN_USHORT:
      return pn_data_get_ushort(at);
    case PN_BYTE:
      return pn_data_get_byte(at);
    case PN_UBYTE:
      return pn_data_get_ubyte(at);
    default:
      return {};
  }
}

// Calls `each(key, place of the value)` for a map whose keys are texts or symbols.
template <class F>
void for_members(pn_data_t* map, F each) {
  pn_data_rewind(map);
  if (!pn_data_next(map) || pn_data_type(map) != PN_MAP) return;
  pn_data_enter(map);
  while (pn_data_next(map)) {
    const auto type = pn_data_type(map);
    const std::string key(type == PN_STRING || type == PN_SYMBOL ? to_view(pn_data_get_bytes(map))
                                                                 : "");
    if (!pn_data_next(map)) break;
    each(key, map);
  }
  pn_data_exit(map);
}

bool is_text(pn_type_t type) {
  return type == PN_STRING || type == PN_SYMBOL || type == PN_BINARY;
}

result<message_ptr> parsed(std::string_view bytes) {
  message_ptr made(pn_message());
  // Nothing at all is more than proton bears.
  if (bytes.empty() || pn_message_decode(made.get(), bytes.data(), bytes.size()) != 0)
    return not_understood("what came is no message");
  return made;
}

std::string bytes_of(pn_message_t* message, std::size_t about) {
  std::string out(about, '\0');
  for (;;) {
    auto size = out.size();
    const auto failed = pn_message_encode(message, out.data(), &size);
    if (failed == 0) {
      out.resize(size);
      return out;
    }
    if (failed != PN_OVERFLOW) return {};
    out.resize(2 * out.size());
  }
}

}  // namespace

std::string encode(std::string_view body, const std::string& id) {
  const message_ptr made(pn_message());
  pn_message_set_inferred(made.get(), true);  // data sections
  pn_message_set_durable(made.get(), true);
  set_id(made.get(), id);
  pn_data_put_binary(pn_message_body(made.get()), to_pn(body));
  return bytes_of(made.get(), body.size() + 512);
}

result<content> decode(std::string_view bytes) {
  KP_TRY(const auto message, parsed(bytes));
  content found;
  found.id = id_of(pn_message_get_id(message.get()));
  found.delivery_count = pn_message_get_delivery_count(message.get()) + 1;
  for_members(pn_message_annotations(message.get()), [&](const std::string& key, pn_data_t* at) {
    if (key != "x-opt-sequence-number") return;
    if (const auto number = integer(at); number && *number >= 0)
      found.sequence_number = static_cast<std::uint64_t>(*number);
  });
  auto* const body = pn_message_body(message.get());
  pn_data_rewind(body);
  while (pn_data_next(body) && is_text(pn_data_type(body))) {
    if (!found.body) found.body.emplace();
    found.body->append(to_view(pn_data_get_bytes(body)));
  }
  return found;
}

result<std::string> encode(const question& asked, const std::string& id,
                           const std::string& reply_to) {
  const message_ptr made(pn_message());
  auto* const message = made.get();
  set_id(message, id);
  pn_message_set_reply_to(message, reply_to.c_str());
  auto* const properties = pn_message_properties(message);
  pn_data_put_map(properties);
  pn_data_enter(properties);
  pn_data_put_string(properties, to_pn("operation"));
  pn_data_put_string(properties, to_pn(asked.operation));
  for (const auto& [name, value] : asked.properties) {
    pn_data_put_string(properties, to_pn(name));
    pn_data_put_string(properties, to_pn(value));
  }
  pn_data_exit(properties);
  auto* const body = pn_message_body(message);
  if (const auto* text = std::get_if<std::string>(&asked.body)) {
    pn_data_put_string(body, to_pn(*text));
    return bytes_of(message, text->size() + 1024);
  }
  const auto& arguments = std::get<lock_arguments>(asked.body);
  pn_data_put_map(body);
  pn_data_enter(body);
  for (const auto& [name, value] : arguments.texts) {
    pn_data_put_string(body, to_pn(name));
    pn_data_put_string(body, to_pn(value));
  }
  pn_data_put_string(body, to_pn("lock-tokens"));
  pn_data_put_array(body, false, PN_UUID);
  pn_data_enter(body);
  for (const auto& each : arguments.lock_tokens) {
    const auto bytes = uuid_from_text(each);
    if (!bytes) return permanent(amqp_errc::bad_answer, "AMQP: a lock token is no UUID");
    pn_uuid_t value;
    std::ranges::copy(*bytes, value.bytes);
    pn_data_put_uuid(body, value);
  }
  pn_data_exit(body);
  pn_data_exit(body);
  return bytes_of(message, 2048);
}

result<answer> decode_answer(std::string_view bytes) {
  KP_TRY(const auto message, parsed(bytes));
  answer found;
  found.id = id_of(pn_message_get_correlation_id(message.get()));
  for_members(pn_message_properties(message.get()), [&](const std::string& key, pn_data_t* at) {
    if (key == "statusCode" || key == "status-code") {
      const auto status = integer(at);
      if (status && *status > 0 && *status < 1000) found.status = static_cast<int>(*status);
    } else if (key == "statusDescription" || key == "status-description") {
      if (is_text(pn_data_type(at))) found.description = to_view(pn_data_get_bytes(at));
    } else if (key == "errorCondition" || key == "error-condition") {
      if (is_text(pn_data_type(at))) found.condition = to_view(pn_data_get_bytes(at));
    }
  });
  if (found.id.empty() || found.status == 0)
    return not_understood("an answer does not say what it answers, or how");
  return found;
}

std::optional<std::string> tag_of(std::string_view lock_token) {
  const auto bytes = uuid_from_text(lock_token);
  if (!bytes) return {};
  return reordered(*bytes);
}

std::optional<std::string> lock_token_of(std::string_view tag) {
  if (tag.size() != uuid_bytes) return {};
  return uuid_to_text(reordered(tag));
}

}  // namespace kp::amqp
