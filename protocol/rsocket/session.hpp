#pragma once

#include "protocol/http/connection.hpp"
#include "protocol/rsocket/client.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <map>

namespace kp::rsocket {

// One connection as requester, from SETUP on. Inside the room only.
class session : public std::enable_shared_from_this<session> {
 public:
  session(http::asio::io_context& network, std::unique_ptr<http::connection> on,
          const client_options& options);

  // Sends SETUP, and reads from then on.
  void begin();
  bool open() const { return !ended_; }
  void end(error why);

  // One request and its answer, or only its way out.
  http::awaitable<result<void>> request(std::string metadata, std::string data);
  http::awaitable<result<void>> fire(std::string metadata, std::string data);

 private:
  // Who waits for an answer; the timer is its deadline, and called off when it is there.
  struct waiter {
    waiter(http::asio::io_context& network, std::chrono::milliseconds span)
        : timer(network, span) {}
    http::asio::steady_timer timer;
    std::optional<result<void>> answer;
    bool written = false;
  };

  result<std::uint32_t> next_stream();
  void send(const frame&, std::shared_ptr<waiter> tells = nullptr);
  void received(const frame&);
  void settle(std::uint32_t stream, result<void> answer);
  static http::awaitable<void> read(std::shared_ptr<session> self);
  static http::awaitable<void> write(std::shared_ptr<session> self);
  static http::awaitable<void> keep_alive(std::shared_ptr<session> self);

  struct outgoing {
    std::string bytes;
    std::shared_ptr<waiter> tells;  // when it has been written
  };

  http::asio::io_context& network_;
  std::unique_ptr<http::connection> on_;
  const client_options options_;
  http::asio::steady_timer pulse_;
  std::deque<outgoing> out_;
  bool writing_ = false;
  std::map<std::uint32_t, std::shared_ptr<waiter>> waiting_;
  std::uint32_t last_stream_ = 0;
  std::chrono::steady_clock::time_point last_request_;
  std::optional<error> ended_;
};

}  // namespace kp::rsocket
