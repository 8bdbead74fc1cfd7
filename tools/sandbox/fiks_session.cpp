#include "tools/sandbox/fiks_session.hpp"

#include "tools/sandbox/sandbox_error.hpp"

#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#include <fmt/format.h>

#include <array>
#include <vector>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr amqp_channel_t channel = 1;
constexpr timeval patience{5, 0};
constexpr int largest_frame = 131072;
const std::string exchange = "fiks-io.meldinger";
const std::string dead = "simulator.dead";

amqp_bytes_t bytes_of(const std::string& text) {
  return {text.size(), const_cast<char*>(text.data())};  // NOLINT: the library reads only
}
std::string text_of(const amqp_bytes_t& bytes) {
  return bytes.len == 0 ? std::string()
                        : std::string(static_cast<const char*>(bytes.bytes), bytes.len);
}

error lost(std::string_view doing, int status) {
  return transient(sandbox_errc::timeout, fmt::format("{}: {}", doing, amqp_error_string2(status)));
}

amqp_table_entry_t entry(const std::string& key, const std::string& value) {
  amqp_table_entry_t out{};
  out.key = bytes_of(key);
  out.value.kind = AMQP_FIELD_KIND_UTF8;
  out.value.value.bytes = bytes_of(value);
  return out;
}
amqp_table_entry_t entry(const std::string& key, std::int32_t value) {
  amqp_table_entry_t out{};
  out.key = bytes_of(key);
  out.value.kind = AMQP_FIELD_KIND_I32;
  out.value.value.i32 = value;
  return out;
}
amqp_table_t table_of(std::vector<amqp_table_entry_t>& entries) {
  return {static_cast<int>(entries.size()), entries.data()};
}

json::object headers_of(const amqp_basic_properties_t& from) {
  json::object out;
  if (!(from._flags & AMQP_BASIC_HEADERS_FLAG)) return out;
  for (int i = 0; i < from.headers.num_entries; ++i) {
    const auto& each = from.headers.entries[i];
    if (each.value.kind == AMQP_FIELD_KIND_UTF8)
      out[text_of(each.key)] = text_of(each.value.value.bytes);
  }
  return out;
}

}  // namespace

fiks_session::~fiks_session() {
  if (state_) amqp_destroy_connection(state_);
}

result<void> fiks_session::answered(std::string_view doing) {
  const auto reply = amqp_get_rpc_reply(state_);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return {};
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) return lost(doing, reply.library_error);
  std::string said = "no answer";
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) {
    if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
      said = text_of(static_cast<const amqp_channel_close_t*>(reply.reply.decoded)->reply_text);
    if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD)
      said = text_of(static_cast<const amqp_connection_close_t*>(reply.reply.decoded)->reply_text);
  }
  return permanent(sandbox_errc::invalid_request, fmt::format("{}: {}", doing, said));
}

result<void> fiks_session::open(const std::string& url) {
  std::string parsed = url;  // the library writes into it
  amqp_connection_info info{};
  amqp_default_connection_info(&info);
  if (amqp_parse_url(parsed.data(), &info) != AMQP_STATUS_OK || info.ssl)
    return permanent(sandbox_errc::invalid_request,
                     "the broker's address is not like amqp://user:password@127.0.0.1:5672");
  state_ = amqp_new_connection();
  auto* socket = state_ ? amqp_tcp_socket_new(state_) : nullptr;
  if (!socket) return transient(sandbox_errc::timeout, "no connection can be made");
  const int opened = amqp_socket_open_noblock(socket, info.host, info.port, &patience);
  if (opened != AMQP_STATUS_OK) return lost("connecting to the broker", opened);
  amqp_set_handshake_timeout(state_, &patience);
  amqp_set_rpc_timeout(state_, &patience);
  const auto reply = amqp_login(state_, "/", 1, largest_frame, 0, AMQP_SASL_METHOD_PLAIN, info.user,
                                info.password);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL)
    return transient(sandbox_errc::timeout, "the broker does not let its administrator in");
  amqp_channel_open(state_, channel);
  KP_CHECK(answered("opening a channel"));
  amqp_confirm_select(state_, channel);
  KP_CHECK(answered("asking for confirmations"));
  const std::string direct = "direct", fanout = "fanout";
  amqp_exchange_declare(state_, channel, bytes_of(exchange), bytes_of(direct), 0, 1, 0, 0,
                        amqp_empty_table);
  KP_CHECK(answered("declaring the exchange"));
  amqp_exchange_declare(state_, channel, bytes_of(dead), bytes_of(fanout), 0, 1, 0, 0,
                        amqp_empty_table);
  KP_CHECK(answered("declaring the exchange of the dead"));
  amqp_queue_declare(state_, channel, bytes_of(dead), 0, 1, 0, 0, amqp_empty_table);
  KP_CHECK(answered("declaring the queue of the dead"));
  amqp_queue_bind(state_, channel, bytes_of(dead), bytes_of(dead), amqp_empty_bytes,
                  amqp_empty_table);
  return answered("binding the queue of the dead");
}

// With the device of dpfio.md 10.1: three deliveries, then the queue of the dead.
result<void> fiks_session::declare(const std::string& queue) {
  const std::string type = "x-queue-type", quorum = "quorum", limit = "x-delivery-limit",
                    letters = "x-dead-letter-exchange";
  std::vector<amqp_table_entry_t> entries{entry(type, quorum), entry(limit, 2),
                                          entry(letters, dead)};
  amqp_queue_declare(state_, channel, bytes_of(queue), 0, 1, 0, 0, table_of(entries));
  KP_CHECK(answered("declaring " + queue));
  amqp_queue_bind(state_, channel, bytes_of(queue), bytes_of(exchange), bytes_of(queue),
                  amqp_empty_table);
  return answered("binding " + queue);
}

result<void> fiks_session::publish(const fiks_delivery& what) {
  // The entries point into these.
  std::vector<std::pair<std::string, json::value>> kept;
  std::vector<std::string> texts;
  for (const auto& [name, value] : what.headers) kept.emplace_back(name, value);
  texts.reserve(kept.size());
  std::vector<amqp_table_entry_t> entries;
  for (const auto& [name, value] : kept) {
    if (value.is_string()) {
      texts.emplace_back(value.get_string());
      entries.push_back(entry(name, texts.back()));
    } else if (value.is_int64()) {
      entries.push_back(entry(name, static_cast<std::int32_t>(value.get_int64())));
    } else if (value.is_bool()) {
      amqp_table_entry_t flag{};
      flag.key = bytes_of(name);
      flag.value.kind = AMQP_FIELD_KIND_BOOLEAN;
      flag.value.value.boolean = value.get_bool() ? 1 : 0;
      entries.push_back(flag);
    }
  }
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.headers = table_of(entries);
  properties.delivery_mode = 2;
  if (!what.expiration.empty()) {
    properties._flags |= AMQP_BASIC_EXPIRATION_FLAG;
    properties.expiration = bytes_of(what.expiration);
  }
  const int sent = amqp_basic_publish(state_, channel, bytes_of(exchange), bytes_of(what.queue), 1,
                                      0, &properties, bytes_of(what.body));
  if (sent != AMQP_STATUS_OK) return lost("publishing", sent);
  return until_confirmed();
}

// basic.return before the confirmation says that no queue took it.
result<void> fiks_session::until_confirmed() {
  bool returned = false;
  for (;;) {
    amqp_frame_t frame;
    const int got = amqp_simple_wait_frame_noblock(state_, &frame, &patience);
    if (got != AMQP_STATUS_OK) return lost("waiting for the confirmation", got);
    const bool method = frame.frame_type == AMQP_FRAME_METHOD;
    const auto id = method ? frame.payload.method.id : 0;
    const bool acknowledged = id == AMQP_BASIC_ACK_METHOD;
    if (id == AMQP_BASIC_RETURN_METHOD) returned = true;
    const bool over = id == AMQP_CHANNEL_CLOSE_METHOD || id == AMQP_CONNECTION_CLOSE_METHOD ||
                      id == AMQP_BASIC_NACK_METHOD;
    amqp_maybe_release_buffers(state_);
    if (over) return transient(sandbox_errc::timeout, "the broker did not take the message");
    if (!acknowledged) continue;
    if (returned)
      return permanent(sandbox_errc::not_found, "no account has a queue for the message");
    return {};
  }
}

result<fiks_queue> fiks_session::look(const std::string& queue) {
  const auto* found =
      amqp_queue_declare(state_, channel, bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
  KP_CHECK(answered("looking into " + queue));
  return fiks_queue{found->message_count, found->consumer_count};
}

result<std::optional<fiks_delivery>> fiks_session::take(const std::string& queue) {
  const auto reply = amqp_basic_get(state_, channel, bytes_of(queue), 1);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    KP_CHECK(answered("taking from " + queue));
    return transient(sandbox_errc::timeout, "taking from " + queue);
  }
  if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) {
    amqp_maybe_release_buffers(state_);
    return std::optional<fiks_delivery>();
  }
  const bool again = static_cast<const amqp_basic_get_ok_t*>(reply.reply.decoded)->redelivered != 0;
  amqp_message_t message{};
  const auto read = amqp_read_message(state_, channel, &message, 0);
  if (read.reply_type != AMQP_RESPONSE_NORMAL)
    return transient(sandbox_errc::timeout, "reading from " + queue);
  fiks_delivery out;
  out.queue = queue;
  out.headers = headers_of(message.properties);
  if (message.properties._flags & AMQP_BASIC_EXPIRATION_FLAG)
    out.expiration = text_of(message.properties.expiration);
  out.body = text_of(message.body);
  out.redelivered = again;
  amqp_destroy_message(&message);
  amqp_maybe_release_buffers(state_);
  return std::optional(std::move(out));
}

result<void> fiks_session::purge(const std::string& queue) {
  amqp_queue_purge(state_, channel, bytes_of(queue));
  return answered("emptying " + queue);
}

}  // namespace kp::sandbox
