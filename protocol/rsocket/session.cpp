#include "protocol/rsocket/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detached.hpp>

#include <fmt/format.h>

namespace kp::rsocket {

namespace asio = http::asio;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t longest_answer = 64 * 1024;  // answers of the status service are empty
constexpr std::size_t most_waiting = 1024;
constexpr std::uint32_t last_stream = 0x7fffffff - 2;
constexpr std::size_t longest_text = 300;  // of an error

namespace code {
constexpr std::uint32_t rejected_setup = 0x003;  // the highest of those about SETUP
constexpr std::uint32_t application = 0x201;
constexpr std::uint32_t rejected = 0x202;
constexpr std::uint32_t canceled = 0x203;
constexpr std::uint32_t invalid = 0x204;
}  // namespace code

std::string shown(const failure& what) {
  auto text = what.text.substr(0, longest_text);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return fmt::format("RSocket error 0x{:03x}: {}", what.code, text);
}

// About one request (status-service.md 5.3).
error of_request(const failure& what) {
  switch (what.code) {
    case code::application:
      return permanent(rsocket_errc::application, shown(what));
    case code::rejected:
      return transient(rsocket_errc::rejected, shown(what));
    case code::canceled:
      return transient(rsocket_errc::canceled, shown(what));
    case code::invalid:
      return permanent(rsocket_errc::invalid, shown(what));
    default:
      return transient(rsocket_errc::closed, shown(what));
  }
}

// About the connection.
error of_connection(const failure& what) {
  if (what.code <= code::rejected_setup) return permanent(rsocket_errc::setup_refused, shown(what));
  return transient(rsocket_errc::closed, shown(what));
}

}  // namespace

session::session(asio::io_context& network, std::unique_ptr<http::connection> on,
                 const client_options& options)
    : network_(network),
      on_(std::move(on)),
      options_(options),
      pulse_(network),
      last_request_(std::chrono::steady_clock::now()) {}

void session::begin() {
  send(make_setup(options_.terms));
  asio::co_spawn(network_, read(shared_from_this()), asio::detached);
  asio::co_spawn(network_, keep_alive(shared_from_this()), asio::detached);
}

void session::end(error why) {
  if (ended_) return;
  ended_ = std::move(why);
  on_->close();
  pulse_.cancel();
  out_.clear();
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& [stream, one] : waiting) {
    if (!one->answer) one->answer = result<void>(*ended_);
    one->timer.cancel();
  }
}

result<std::uint32_t> session::next_stream() {
  if (ended_) return *ended_;
  if (waiting_.size() >= most_waiting || last_stream_ >= last_stream)
    return transient(rsocket_errc::rejected, "too many requests on one RSocket connection");
  last_stream_ = last_stream_ == 0 ? 1 : last_stream_ + 2;
  last_request_ = std::chrono::steady_clock::now();
  return last_stream_;
}

http::awaitable<result<void>> session::request(std::string metadata, std::string data) {
  const auto self = shared_from_this();
  KP_CO_TRY(const auto stream, next_stream());
  KP_CO_TRY(const auto asked, make_request(stream, frame_type::request_response, metadata, data));
  const auto own = std::make_shared<waiter>(network_, options_.answer_deadline);
  waiting_.emplace(stream, own);
  send(asked);
  co_await own->timer.async_wait(token);
  if (own->answer) co_return *own->answer;
  waiting_.erase(stream);
  frame cancel;
  cancel.stream = stream;
  cancel.type = frame_type::cancel;
  send(cancel);
  co_return transient(rsocket_errc::timeout, "no answer came in time");
}

http::awaitable<result<void>> session::fire(std::string metadata, std::string data) {
  const auto self = shared_from_this();
  KP_CO_TRY(const auto stream, next_stream());
  KP_CO_TRY(const auto asked, make_request(stream, frame_type::request_fnf, metadata, data));
  const auto own = std::make_shared<waiter>(network_, options_.answer_deadline);
  waiting_.emplace(stream, own);
  send(asked, own);
  co_await own->timer.async_wait(token);
  waiting_.erase(stream);
  if (own->answer) co_return *own->answer;
  if (own->written) co_return result<void>{};
  co_return transient(rsocket_errc::timeout, "a request could not be written in time");
}

void session::send(const frame& one, std::shared_ptr<waiter> tells) {
  if (ended_) return;
  out_.push_back({encode(one), std::move(tells)});
  if (writing_) return;
  writing_ = true;
  asio::co_spawn(network_, write(shared_from_this()), asio::detached);
}

// A peer that takes nothing is found out by the reader: nothing will come from it either.
http::awaitable<void> session::write(std::shared_ptr<session> self) {
  while (!self->out_.empty() && !self->ended_) {
    auto one = std::move(self->out_.front());
    self->out_.pop_front();
    http::connection::buffers left{asio::buffer(one.bytes)};
    for (std::size_t sent = 0; sent < one.bytes.size();) {
      const auto [failed, count] = co_await self->on_->write_some(left);
      if (failed) {
        self->end(
            transient(rsocket_errc::closed, "the RSocket connection was cut: " + failed.message()));
        co_return;
      }
      http::consume(left, count);
      sent += count;
    }
    if (one.tells) {
      one.tells->written = true;
      one.tells->timer.cancel();
    }
  }
  self->writing_ = false;
}

http::awaitable<void> session::read(std::shared_ptr<session> self) {
  frame_reader frames(longest_answer);
  while (!self->ended_) {
    self->on_->limit(self->options_.terms.lifetime);
    const auto [failed, count] = co_await self->on_->read_some(self->on_->room());
    if (self->ended_) co_return;
    if (failed) {
      const auto why =
          self->on_->timed_out() ? std::string("nothing came for its lifetime") : failed.message();
      self->end(transient(rsocket_errc::closed, "the RSocket connection has ended: " + why));
      co_return;
    }
    auto& buffer = self->on_->buffer();
    buffer.commit(count);
    const auto bytes = buffer.data();
    frames.add({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer.consume(bytes.size());
    for (;;) {
      auto one = frames.next();
      if (!one) {
        self->end(one.error());
        co_return;
      }
      if (!*one) break;
      self->received(**one);
      if (self->ended_) co_return;
    }
  }
}

void session::received(const frame& one) {
  switch (one.type) {
    case frame_type::keepalive: {
      constexpr std::size_t position = 8;
      if (one.has(flag::respond) && one.body.size() >= position)
        send(make_keepalive(false, std::string_view(one.body).substr(position)));
      return;
    }
    case frame_type::error: {
      const auto what = failure_of(one);
      if (!what) return end(what.error());
      if (one.stream == 0) return end(of_connection(*what));
      return settle(one.stream, of_request(*what));
    }
    case frame_type::payload:
      // One with more to follow is not the whole answer yet.
      if (!one.has(flag::follows)) settle(one.stream, {});
      return;
    case frame_type::cancel:
    case frame_type::lease:
    case frame_type::metadata_push:
      return;
    default:
      if (one.has(flag::ignore)) return;
      return end(transient(
          rsocket_errc::bad_frame,
          fmt::format("an RSocket frame of type 0x{:02x} came", static_cast<unsigned>(one.type))));
  }
}

void session::settle(std::uint32_t stream, result<void> answer) {
  const auto found = waiting_.find(stream);
  if (found == waiting_.end()) return;  // too late
  const auto own = found->second;
  waiting_.erase(found);
  own->answer = std::move(answer);
  own->timer.cancel();
}

http::awaitable<void> session::keep_alive(std::shared_ptr<session> self) {
  while (!self->ended_) {
    self->pulse_.expires_after(self->options_.terms.keepalive);
    co_await self->pulse_.async_wait(token);
    if (self->ended_) co_return;
    const auto idle = std::chrono::steady_clock::now() - self->last_request_;
    if (self->waiting_.empty() && idle >= self->options_.close_idle_after) {
      self->end(transient(rsocket_errc::closed, "the RSocket connection was not needed"));
      co_return;
    }
    self->send(make_keepalive(true));
  }
}

}  // namespace kp::rsocket
