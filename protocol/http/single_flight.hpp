#pragma once

#include "config/error.hpp"
#include "protocol/http/async.hpp"
#include "protocol/http/http_error.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>

namespace kp::http {

// Simultaneous callers with the same key share one piece of work and its outcome. Lives on the
// network thread; must outlive its callers.
template <class Key, class Value>
class single_flight {
 public:
  // Those who wait give up after `patience` (http_errc::timeout); the work goes on.
  explicit single_flight(std::chrono::milliseconds patience) : patience_(patience) {}

  awaitable<result<Value>> run(Key key, std::function<awaitable<result<Value>>()> work) {
    if (const auto it = flights_.find(key); it != flights_.end()) {
      const auto joined = it->second;
      boost::system::error_code ignored;  // cancelled: landed
      co_await joined->landing.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      if (joined->outcome) co_return *joined->outcome;
      co_return transient(http_errc::timeout, "an equal request did not finish in time");
    }
    const auto mine = std::make_shared<flight>(co_await asio::this_coro::executor, patience_);
    flights_.emplace(key, mine);
    const landing_guard guard(*this, key, mine);
    mine->outcome.emplace(co_await work());
    co_return *mine->outcome;
  }

 private:
  struct flight {
    flight(asio::any_io_executor executor, std::chrono::milliseconds patience)
        : landing(std::move(executor), patience) {}
    asio::steady_timer landing;
    std::optional<result<Value>> outcome;
  };
  // Wakes those who wait, also when the work throws.
  class landing_guard {
   public:
    landing_guard(single_flight& all, Key key, std::shared_ptr<flight> mine)
        : all_(all), key_(std::move(key)), mine_(std::move(mine)) {}
    landing_guard(const landing_guard&) = delete;
    landing_guard& operator=(const landing_guard&) = delete;
    ~landing_guard() {
      all_.flights_.erase(key_);
      mine_->landing.cancel();
    }

   private:
    single_flight& all_;
    Key key_;
    std::shared_ptr<flight> mine_;
  };

  std::chrono::milliseconds patience_;
  std::map<Key, std::shared_ptr<flight>> flights_;
};

}  // namespace kp::http
