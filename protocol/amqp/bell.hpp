#pragma once

#include "protocol/http/async.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace kp::amqp {

using moment = std::chrono::steady_clock::time_point;

// Wakes coroutines that wait for something to change; they look for themselves what it was. For one
// network thread. Whoever waits keeps this object alive.
class bell {
 public:
  explicit bell(http::asio::io_context& network) : network_(network) {}

  // Until the next ring(), at most until `until`.
  http::awaitable<void> wait(moment until) {
    const auto own = std::make_shared<http::asio::steady_timer>(network_, until);
    waiting_.push_back(own);
    co_await own->async_wait(http::asio::as_tuple(http::asio::use_awaitable));
    std::erase(waiting_, own);
  }
  void ring() {
    for (const auto& each : std::exchange(waiting_, {})) each->cancel();
  }

 private:
  http::asio::io_context& network_;
  std::vector<std::shared_ptr<http::asio::steady_timer>> waiting_;
};

}  // namespace kp::amqp
