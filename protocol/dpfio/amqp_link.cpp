#include "protocol/dpfio/amqp_link.hpp"

#include "protocol/dpfio/dpfio_error.hpp"

#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <openssl/ssl.h>

#include <fmt/format.h>

#include <array>

namespace kp::dpfio {

namespace {

constexpr int largest_frame = 131072;
constexpr std::chrono::seconds goodbye{1};

timeval time_of(std::chrono::seconds span) {
  return {static_cast<time_t>(span.count()), 0};
}

amqp_bytes_t bytes_of(const std::string& text) {
  // The library reads only.
  return {text.size(), const_cast<char*>(text.data())};  // NOLINT
}

std::string text_of(const amqp_bytes_t& bytes) {
  return bytes.len == 0 ? std::string()
                        : std::string(static_cast<const char*>(bytes.bytes), bytes.len);
}

error lost(std::string_view doing, int status) {
  return transient(dpfio_errc::broker_lost,
                   fmt::format("the AMQP broker, {}: {}", doing, amqp_error_string2(status)));
}

error said(std::string_view doing, std::uint16_t code, const std::string& text) {
  auto sentence = fmt::format("the AMQP broker, {}: {} {}", doing, code, text);
  // 3xx and 4xx are about what was asked for, 5xx and 320 about the broker's own life.
  if (code == AMQP_ACCESS_REFUSED || code == AMQP_NOT_FOUND || code == AMQP_NOT_ALLOWED ||
      code == AMQP_RESOURCE_LOCKED || code == AMQP_PRECONDITION_FAILED)
    return transient(dpfio_errc::broker_refused, std::move(sentence));
  return transient(dpfio_errc::broker_lost, std::move(sentence));
}

std::optional<error> trouble_in(std::string_view doing, const amqp_rpc_reply_t& reply) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return std::nullopt;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
      return lost(doing, reply.library_error);
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const auto* close = static_cast<const amqp_connection_close_t*>(reply.reply.decoded);
        return said(doing, close->reply_code, text_of(close->reply_text));
      }
      if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const auto* close = static_cast<const amqp_channel_close_t*>(reply.reply.decoded);
        return said(doing, close->reply_code, text_of(close->reply_text));
      }
      break;
    case AMQP_RESPONSE_NONE:
      break;
  }
  return transient(dpfio_errc::broker_lost,
                   fmt::format("the AMQP broker, {}: no answer that is one", doing));
}

void read_properties(const amqp_basic_properties_t& from, delivery& into) {
  if (from._flags & AMQP_BASIC_EXPIRATION_FLAG) into.expiration = text_of(from.expiration);
  if (!(from._flags & AMQP_BASIC_HEADERS_FLAG)) return;
  for (int i = 0; i < from.headers.num_entries; ++i) {
    const auto& each = from.headers.entries[i];
    // Brokers add headers of other types, which mean nothing here (dpfio.md 6.3).
    if (each.value.kind == AMQP_FIELD_KIND_UTF8 || each.value.kind == AMQP_FIELD_KIND_BYTES)
      into.headers.insert_or_assign(text_of(each.key), text_of(each.value.value.bytes));
  }
}

}  // namespace

result<std::unique_ptr<amqp_link>> amqp_link::open(const broker_options& options,
                                                   spool_factory& spools) {
  std::unique_ptr<amqp_link> made(new amqp_link(spools));
  KP_CHECK(made->connect(options));
  KP_CHECK(made->sign_in(options));
  KP_CHECK(made->consume(options));
  return made;
}

amqp_link::~amqp_link() {
  if (state_) amqp_destroy_connection(state_);
}

int amqp_link::socket() const {
  return amqp_get_sockfd(state_);
}

bool amqp_link::has_more() const {
  return amqp_frames_enqueued(state_) || amqp_data_in_buffer(state_);
}

result<void> amqp_link::connect(const broker_options& options) {
  state_ = amqp_new_connection();
  amqp_socket_t* socket = nullptr;
  if (state_) socket = options.at.tls ? amqp_ssl_socket_new(state_) : amqp_tcp_socket_new(state_);
  if (!socket)
    return transient(dpfio_errc::broker_lost, "no connection to the AMQP broker can be made");
  if (options.at.tls) {
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    const bool trusted =
        options.ca_file.empty()
            ? SSL_CTX_set_default_verify_paths(
                  static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket))) == 1
            : amqp_ssl_socket_set_cacert(socket, options.ca_file.c_str()) == AMQP_STATUS_OK;
    if (!trusted)
      return transient(dpfio_errc::broker_lost,
                       "the certificate authorities for the AMQP broker cannot be read");
  }
  const auto longest = time_of(options.deadline);
  const int opened =
      amqp_socket_open_noblock(socket, options.at.host.c_str(), options.at.port, &longest);
  if (opened != AMQP_STATUS_OK) return lost("connecting", opened);
  return {};
}

result<void> amqp_link::sign_in(const broker_options& options) {
  const auto longest = time_of(options.deadline);
  amqp_set_handshake_timeout(state_, &longest);
  amqp_set_rpc_timeout(state_, &longest);
  const std::string key = "connection_name";
  std::array<amqp_table_entry_t, 1> entries{};
  entries[0].key = bytes_of(key);
  entries[0].value.kind = AMQP_FIELD_KIND_UTF8;
  entries[0].value.value.bytes = bytes_of(options.name);
  const amqp_table_t properties{static_cast<int>(entries.size()), entries.data()};
  const auto reply = amqp_login_with_properties(
      state_, "/", static_cast<int>(most_queues) + 1, largest_frame,
      static_cast<int>(options.heartbeat.count()), &properties, AMQP_SASL_METHOD_PLAIN,
      options.user.c_str(), options.password.c_str());
  if (auto trouble = trouble_in("signing in", reply)) return *std::move(trouble);
  return {};
}

// A channel for each queue, so that one that is refused ends alone.
result<void> amqp_link::consume(const broker_options& options) {
  std::uint16_t channel = 0;
  for (const auto& queue : options.queues) {
    if (++channel > most_queues) break;
    amqp_channel_open(state_, channel);
    if (auto trouble = trouble_in("opening a channel", amqp_get_rpc_reply(state_)))
      return *std::move(trouble);
    amqp_basic_qos(state_, channel, 0, options.prefetch, 0);
    if (auto trouble = trouble_in("setting the prefetch", amqp_get_rpc_reply(state_)))
      return *std::move(trouble);
    amqp_basic_consume(state_, channel, bytes_of(queue), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    const auto reply = amqp_get_rpc_reply(state_);
    const auto trouble = trouble_in("consuming from " + queue, reply);
    if (!trouble) continue;
    if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION ||
        reply.reply.id != AMQP_CHANNEL_CLOSE_METHOD)
      return *trouble;
    refused_[queue] = trouble->message;
    amqp_channel_close_ok_t ok{};
    if (const int sent = amqp_send_method(state_, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
        sent != AMQP_STATUS_OK)
      return lost("consuming", sent);
  }
  if (!options.queues.empty() && refused_.size() == options.queues.size())
    return transient(dpfio_errc::broker_refused, refused_.begin()->second);
  return {};
}

result<bool> amqp_link::step(std::optional<delivery>& out) {
  amqp_frame_t frame;
  const timeval none{0, 0};
  const int got = amqp_simple_wait_frame_noblock(state_, &frame, &none);
  if (got == AMQP_STATUS_TIMEOUT) return false;
  if (got != AMQP_STATUS_OK) return lost("receiving", got);
  switch (frame.frame_type) {
    case AMQP_FRAME_METHOD:
      KP_CHECK(read_method(frame));
      break;
    case AMQP_FRAME_HEADER:
      KP_CHECK(read_header(frame, out));
      break;
    case AMQP_FRAME_BODY:
      KP_CHECK(read_body(frame, out));
      break;
    default:
      break;
  }
  amqp_maybe_release_buffers_on_channel(state_, frame.channel);
  return true;
}

result<void> amqp_link::read_method(const amqp_frame_t& frame) {
  const auto& method = frame.payload.method;
  switch (method.id) {
    case AMQP_BASIC_DELIVER_METHOD: {
      const auto* begun = static_cast<const amqp_basic_deliver_t*>(method.decoded);
      assembly fresh;
      fresh.what.channel = frame.channel;
      fresh.what.tag = begun->delivery_tag;
      fresh.what.redelivered = begun->redelivered != 0;
      fresh.what.routing_key = text_of(begun->routing_key);
      coming_.insert_or_assign(frame.channel, std::move(fresh));
      return {};
    }
    case AMQP_CHANNEL_CLOSE_METHOD: {
      const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
      return said("closing a channel", close->reply_code, text_of(close->reply_text));
    }
    case AMQP_CONNECTION_CLOSE_METHOD: {
      const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
      return said("closing the connection", close->reply_code, text_of(close->reply_text));
    }
    case AMQP_BASIC_CANCEL_METHOD:
      return transient(dpfio_errc::broker_lost, "the AMQP broker has taken a queue away");
    default:
      return {};
  }
}

result<void> amqp_link::read_header(const amqp_frame_t& frame, std::optional<delivery>& out) {
  const auto at = coming_.find(frame.channel);
  if (at == coming_.end()) return {};
  auto& what = at->second.what;
  read_properties(*static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded),
                  what);
  what.size = frame.payload.properties.body_size;
  if (what.size == 0) {
    out = std::move(what);
    coming_.erase(at);
    return {};
  }
  if (what.size <= most_body) {
    KP_TRY(what.body, spools_.make());
  }
  return {};
}

result<void> amqp_link::read_body(const amqp_frame_t& frame, std::optional<delivery>& out) {
  const auto at = coming_.find(frame.channel);
  if (at == coming_.end()) return {};
  auto& each = at->second;
  const auto& piece = frame.payload.body_fragment;
  if (each.what.body)
    KP_CHECK(each.what.body->write_at(
        each.read, std::string_view(static_cast<const char*>(piece.bytes), piece.len)));
  each.read += piece.len;
  if (each.read < each.what.size) return {};
  out = std::move(each.what);
  coming_.erase(at);
  return {};
}

result<void> amqp_link::acknowledge(std::uint16_t channel, std::uint64_t tag) {
  const int sent = amqp_basic_ack(state_, channel, tag, 0);
  if (sent != AMQP_STATUS_OK) return lost("acknowledging", sent);
  return {};
}

void amqp_link::close() {
  const auto longest = time_of(goodbye);
  amqp_set_rpc_timeout(state_, &longest);
  amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
}

}  // namespace kp::dpfio
