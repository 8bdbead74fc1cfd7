#include "protocol/amqp/session.hpp"

#include "protocol/amqp/proton.hpp"

#include <boost/asio/detached.hpp>

#include <fmt/format.h>
#include <proton/sasl.h>
#include <proton/transport.h>

#include <algorithm>
#include <cstring>

namespace kp::amqp {

namespace asio = http::asio;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t largest_frame = 64 * 1024;
constexpr std::chrono::milliseconds pulse{1'000};
constexpr std::chrono::seconds longest_write{60};  // without a byte leaving
constexpr std::chrono::seconds farewell{2};

pn_timestamp_t proton_time(moment at) {
  // Zero is "never" to proton.
  return 1 + std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

session::session(asio::io_context& network, std::unique_ptr<http::connection> on,
                 const client_options& options)
    : network_(network),
      on_(std::move(on)),
      options_(options),
      pulse_(network),
      bell_(network),
      born_(std::chrono::steady_clock::now()),
      last_used_(born_) {
  pn_connection_driver_init(&driver_, nullptr, nullptr);
  pn_connection_set_container(driver_.connection, options_.container.c_str());
  pn_connection_set_hostname(driver_.connection, options_.host.c_str());
  pn_transport_set_max_frame(driver_.transport, largest_frame);
  pn_transport_set_idle_timeout(driver_.transport,
                                static_cast<pn_millis_t>(options_.idle_timeout.count()));
  pn_sasl_allowed_mechs(pn_sasl(driver_.transport), "ANONYMOUS");
  pn_connection_open(driver_.connection);
}

session::~session() {
  pn_connection_driver_destroy(&driver_);
}

void session::begin() {
  asio::co_spawn(network_, read(shared_from_this()), asio::detached);
  asio::co_spawn(network_, keep(shared_from_this()), asio::detached);
}

http::awaitable<result<void>> session::opened(moment until) {
  const auto self = shared_from_this();
  while (!opened_ && !ended_) {
    if (std::chrono::steady_clock::now() >= until)
      end(transient(amqp_errc::timeout,
                    fmt::format("{} does not speak AMQP in time", options_.host)));
    else
      co_await bell_.wait(until);
  }
  if (ended_) co_return *ended_;
  co_return result<void>{};
}

std::chrono::steady_clock::duration session::age() const {
  return std::chrono::steady_clock::now() - born_;
}

template <class F>
void session::for_channels(F each) {
  for (const auto& [node, one] : outlets_) each(*one);
  for (const auto& [node, one] : inlets_) each(*one);
  for (const auto& [node, one] : desks_) each(*one);
}

template <class F>
void session::drop_channels_if(F wanted) {
  const auto goes = [&](const auto& each) { return wanted(*each.second); };
  std::erase_if(outlets_, goes);
  std::erase_if(inlets_, goes);
  std::erase_if(desks_, goes);
}

void session::end(error why) {
  if (ended_) return;
  ended_ = std::move(why);
  on_->close();
  pulse_.cancel();
  for_channels([&](channel& each) { each.fail(*ended_); });
  outlets_.clear();
  inlets_.clear();
  desks_.clear();
  bell_.ring();
}

// ---- channels

// A link that nobody uses gives way.
bool session::make_room() {
  if (outlets_.size() + inlets_.size() + desks_.size() < options_.most_links) return true;
  channel* oldest = nullptr;
  for_channels([&](channel& each) {
    if (!each.busy() && (!oldest || each.last_used() < oldest->last_used())) oldest = &each;
  });
  if (!oldest) return false;
  oldest->fail(transient(amqp_errc::closed, "AMQP: the link gave way to others"));
  drop_channels_if([&](const channel& each) { return &each == oldest; });
  return true;
}

template <class T>
result<std::shared_ptr<T>> session::channel_of(std::map<std::string, std::shared_ptr<T>>& all,
                                               const std::string& node) {
  if (ended_) return *ended_;
  last_used_ = std::chrono::steady_clock::now();
  auto found = all.find(node);
  if (found != all.end() && found->second->usable()) return found->second;
  if (found != all.end()) all.erase(found);
  if (!make_room()) return transient(amqp_errc::busy, "AMQP: all links are in use");
  return all.emplace(node, std::make_shared<T>(*this, node)).first->second;
}

result<std::shared_ptr<outlet>> session::out_to(const std::string& node) {
  return channel_of(outlets_, node);
}
result<std::shared_ptr<inlet>> session::in_from(const std::string& node) {
  return channel_of(inlets_, node);
}
result<std::shared_ptr<desk>> session::desk_at(const std::string& node) {
  return channel_of(desks_, node);
}

std::shared_ptr<inlet> session::known_inlet(const std::string& node) const {
  const auto found = inlets_.find(node);
  return found == inlets_.end() ? nullptr : found->second;
}

// Links and the connection that nobody uses are closed.
void session::look_after() {
  const auto now = std::chrono::steady_clock::now();
  if (writing_ && now - write_began_ > longest_write)
    return end(transient(amqp_errc::timeout, fmt::format("{} takes no bytes", options_.host)));
  for_channels([&](channel& each) {
    each.look_after(now);
    if (each.usable() && !each.busy() && now - each.last_used() > options_.close_links_after)
      each.fail(transient(amqp_errc::closed, "AMQP: the link was idle"));
  });
  drop_channels_if([](const channel& each) { return !each.usable(); });
  const bool idle = outlets_.empty() && inlets_.empty() && desks_.empty();
  if (!idle) last_used_ = now;
  if (leaving_ && now - last_used_ > farewell)
    return end(transient(amqp_errc::closed, "AMQP: the connection was idle"));
  if (leaving_ || !idle || now - last_used_ < options_.close_connection_after) return;
  leaving_ = true;
  last_used_ = now;
  pn_connection_close(driver_.connection);
}

// ---- events

void session::process() {
  while (!ended_) {
    auto* const event = pn_connection_driver_next_event(&driver_);
    if (!event) return;
    happened(event);
  }
}

void session::happened(pn_event_t* event) {
  const auto what = pn_event_type(event);
  switch (what) {
    case PN_CONNECTION_REMOTE_OPEN:
      opened_ = true;
      return bell_.ring();
    case PN_CONNECTION_REMOTE_CLOSE:
      return end(of_condition(fmt::format("AMQP connection to {}", options_.host),
                              pn_connection_remote_condition(driver_.connection)));
    case PN_TRANSPORT_ERROR:
    case PN_TRANSPORT_CLOSED:
      return end(of_condition(fmt::format("AMQP connection to {}", options_.host),
                              pn_transport_condition(driver_.transport)));
    case PN_SESSION_REMOTE_CLOSE: {
      auto* const closed = pn_event_session(event);
      if (auto* const its = static_cast<channel*>(pn_session_get_context(closed)))
        its->fail(of_condition("AMQP session", pn_session_remote_condition(closed)));
      pn_session_close(closed);
      pn_session_free(closed);
      return;
    }
    case PN_LINK_REMOTE_OPEN:
    case PN_LINK_FLOW:
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH: {
      auto* const link = pn_event_link(event);
      if (auto* const its = static_cast<channel*>(pn_link_get_context(link)))
        its->happened(what, link);
      return;
    }
    case PN_DELIVERY: {
      auto* const its = static_cast<channel*>(pn_link_get_context(pn_event_link(event)));
      if (its) its->delivered(pn_event_delivery(event));
      return;
    }
    default:
      return;
  }
}

// ---- bytes

void session::flush() {
  process();
  write_if_idle();
}

void session::write_if_idle() {
  if (writing_ || ended_) return;
  writing_ = true;
  write_began_ = std::chrono::steady_clock::now();
  asio::co_spawn(network_, write(shared_from_this()), asio::detached);
}

http::awaitable<void> session::write(std::shared_ptr<session> self) {
  for (;;) {
    self->process();
    if (self->ended_) break;
    // A copy: the engine may go on meanwhile.
    const auto bytes = pn_connection_driver_write_buffer(&self->driver_);
    if (bytes.size == 0) {
      self->process();  // asking may have brought the end to light
      break;
    }
    self->out_.assign(bytes.start, bytes.size);
    pn_connection_driver_write_done(&self->driver_, bytes.size);
    http::connection::buffers parts{asio::buffer(self->out_), asio::const_buffer(),
                                    asio::const_buffer()};
    while (asio::buffer_size(parts) > 0 && !self->ended_) {
      self->write_began_ = std::chrono::steady_clock::now();
      const auto [failed, count] = co_await self->on_->write_some(parts);
      if (failed) {
        self->end(transient(amqp_errc::closed, fmt::format("AMQP connection to {}: {}",
                                                           self->options_.host, failed.message())));
        break;
      }
      http::consume(parts, count);
    }
  }
  self->writing_ = false;
}

void session::take(std::size_t count) {
  for (std::size_t at = 0; at < count && !ended_;) {
    auto room = pn_connection_driver_read_buffer(&driver_);
    if (room.size == 0) {
      process();
      room = pn_connection_driver_read_buffer(&driver_);
      if (room.size == 0) break;  // nothing more is read; the events say why
    }
    const auto part = std::min(room.size, count - at);
    std::memcpy(room.start, in_.data() + at, part);
    pn_connection_driver_read_done(&driver_, part);
    at += part;
    process();
  }
}

http::awaitable<void> session::read(std::shared_ptr<session> self) {
  self->on_->unlimited();
  while (!self->ended_) {
    const auto [failed, count] = co_await self->on_->read_some(asio::buffer(self->in_));
    if (failed) {
      self->end(transient(amqp_errc::closed, fmt::format("AMQP connection to {}: {}",
                                                         self->options_.host, failed.message())));
      break;
    }
    self->take(count);
    self->flush();
  }
}

// Tells proton the time, and looks after what is idle.
http::awaitable<void> session::keep(std::shared_ptr<session> self) {
  self->flush();
  while (!self->ended_) {
    pn_transport_tick(self->driver_.transport, proton_time(std::chrono::steady_clock::now()));
    self->look_after();
    self->flush();
    if (self->ended_) break;
    self->pulse_.expires_after(pulse);
    co_await self->pulse_.async_wait(token);
  }
}

}  // namespace kp::amqp
